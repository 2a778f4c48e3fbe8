"""The ASGI door. Behind it people wait, so no statement may take for ever."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from common.postgresql.base import wait_at_most
from rxscale.startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
application = get_asgi_application()
refuse_unsafe_settings()
wait_at_most(settings.DATABASE_ANSWER_SECONDS)
