from importlib import import_module

from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "reminders"

    def ready(self) -> None:
        """Models are loaded only now, so what needs them is imported here and not above."""
        import_module("reminders.messages").register_kinds()
        import_module("reminders.samples").register_kind()
