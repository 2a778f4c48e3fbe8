from importlib import import_module

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PortalsConfig(AppConfig):
    name = "portals"

    def ready(self) -> None:
        """Models are loaded only now, so what needs them is imported here and not above."""
        import_module("portals.staff.registration")
        import_module("portals.accounts.mails").register_kinds()
        stamp = import_module("portals.accounts.sessions").stamp_at_sign_in
        user_logged_in.connect(stamp, dispatch_uid="session life")
