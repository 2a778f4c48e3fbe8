from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        """Models are loaded only now, so what needs them is imported here and not above."""
        import_module("notifications.endpoint_messages").register_kinds()
