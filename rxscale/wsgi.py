"""The WSGI door."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from common.postgresql.base import wait_at_most
from rxscale import shared_counters
from rxscale.chunked import ChunkedBodies
from rxscale.startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
shared_counters.share()  # before the first is made
application = ChunkedBodies(get_wsgi_application())
refuse_unsafe_settings()
wait_at_most(settings.DATABASE_ANSWER_SECONDS)
# Every view and schema now, before gunicorn forks: a fresh process answers its first request at once.
import_module(settings.ROOT_URLCONF)
