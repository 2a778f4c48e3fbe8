"""Wiring at start-up."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from rxscale import celery


class RxScaleConfig(AppConfig):
    name = "rxscale"

    def ready(self) -> None:
        # Celery keeps its current app per thread: without this a web thread would look for another broker.
        celery.app.set_default()
        autodiscover_modules("checks")
