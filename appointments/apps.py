from importlib import import_module

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"

    def ready(self) -> None:
        """Models are loaded only now, so what needs them is imported here and not above."""
        import_module("appointments.messages").register_kinds()
