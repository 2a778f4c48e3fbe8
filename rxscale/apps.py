"""Wiring at start-up."""

import gc

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from rxscale import celery

# Objects made before the collector looks for cycles: a page of fifty visits or a minute of a thousand
# reminders makes tens of thousands, nearly none of them in one. Python's 700 cost a busy minute a tenth.
NEW_OBJECTS = 50_000


class RxScaleConfig(AppConfig):
    name = "rxscale"

    def ready(self) -> None:
        # Celery keeps its current app per thread: without this a web thread would look for another broker.
        celery.app.set_default()
        autodiscover_modules("checks")
        gc.freeze()  # what is loaded by now stays as long as the process: nobody need look at it again
        gc.set_threshold(NEW_OBJECTS)
