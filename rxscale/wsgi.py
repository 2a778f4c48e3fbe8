"""The WSGI door."""

import os

from django.core.wsgi import get_wsgi_application

from rxscale.startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
application = get_wsgi_application()
refuse_unsafe_settings()
