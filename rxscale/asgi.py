"""The ASGI door."""

import os

from django.core.asgi import get_asgi_application

from rxscale.startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
application = get_asgi_application()
refuse_unsafe_settings()
