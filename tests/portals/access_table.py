"""Who gets what, route by route: the table that `test_access_table` holds the resolver against.

A status is the answer to a bare GET, and to a POST with nothing typed; None is 405.
"""

from dataclasses import dataclass

from portals.clinic.access import Right

VIEW, ACT, SETTINGS, EXPORT = Right.VIEW, Right.ACT, Right.SETTINGS, Right.EXPORT
OWN = "own"  # the doctor portal knows one right: it is about oneself


@dataclass(frozen=True)
class Page:
    """What somebody with the right gets for a thing of their own. `is_fresh`: after a fresh login only."""

    right: str
    get: int | None
    post: int | None = None
    is_fresh: bool = False


CLINIC = {
    "clinic:account": Page(VIEW, 200, 422),
    "clinic:account-end-sessions": Page(VIEW, None, 302),
    "clinic:account-reminders": Page(VIEW, None, 302),
    "clinic:appointment": Page(VIEW, 200),
    "clinic:appointment-book-again": Page(ACT, 200, 422),
    "clinic:appointment-cancel": Page(ACT, 200, 422),
    "clinic:appointment-complete": Page(ACT, 200, 422),
    "clinic:appointment-confirm": Page(ACT, 200, 302),
    "clinic:appointment-keep": Page(ACT, None, 302),
    "clinic:appointment-lift-keep": Page(ACT, None, 302),
    "clinic:appointment-no-show": Page(ACT, 200, 422),
    "clinic:appointment-rebook": Page(ACT, 200, 422),
    "clinic:appointment-resend": Page(ACT, None, 302),
    "clinic:appointments": Page(VIEW, 200),
    "clinic:appointments-cancel": Page(ACT, 302, 302),
    "clinic:appointments-export": Page(EXPORT, 200),
    "clinic:appointments-patient": Page(VIEW, 200, 200),
    "clinic:attention": Page(VIEW, 200),
    "clinic:audit": Page(SETTINGS, 200),
    "clinic:audit-export": Page(EXPORT, 200),
    "clinic:dashboard": Page(VIEW, 200),
    "clinic:day": Page(VIEW, 200),
    "clinic:doctor": Page(VIEW, 200),
    "clinic:doctor-lift": Page(ACT, None, 302),
    "clinic:doctor-phone": Page(ACT, 200, 422),
    "clinic:doctor-stop": Page(ACT, 200, 422),
    "clinic:doctors": Page(VIEW, 200),
    "clinic:key-new": Page(SETTINGS, 200, 422),
    "clinic:key-revoke": Page(SETTINGS, 200, 302),
    "clinic:keys": Page(SETTINGS, 200),
    "clinic:patient": Page(VIEW, 200),
    "clinic:patient-book": Page(ACT, 200, 422),
    "clinic:patient-erase": Page(SETTINGS, 200, 422, is_fresh=True),
    "clinic:patient-export": Page(EXPORT, None, 200),
    "clinic:patient-lift": Page(ACT, None, 302),
    "clinic:patient-opt-outs": Page(ACT, None, 302),
    "clinic:patients": Page(VIEW, 200),
    "clinic:reminder": Page(SETTINGS, 200, 422),
    "clinic:reminder-add": Page(SETTINGS, 200, 422),
    "clinic:reminder-effect": Page(SETTINGS, 200),
    "clinic:reminder-preview": Page(VIEW, 200),
    "clinic:reminder-preview-mail": Page(VIEW, 200),
    "clinic:reminder-remove": Page(SETTINGS, None, 302),
    "clinic:reminder-restore": Page(SETTINGS, None, 302),
    "clinic:reminder-send-to-me": Page(SETTINGS, None, 302),
    "clinic:search": Page(VIEW, 200, 200),
    "clinic:secret": Page(SETTINGS, 200),
    "clinic:secret-check": Page(SETTINGS, 200, 422),
    "clinic:secret-new": Page(SETTINGS, 200, 422),
    "clinic:secret-reveal": Page(SETTINGS, None, 200, is_fresh=True),
    "clinic:secret-revoke": Page(SETTINGS, 200, 422),
    "clinic:secrets": Page(SETTINGS, 200),
    "clinic:shop": Page(SETTINGS, 200),
    "clinic:shops": Page(SETTINGS, 200),
    "clinic:subscription": Page(SETTINGS, 200),
    "clinic:subscription-create": Page(SETTINGS, 200, 422),
    "clinic:subscription-delete": Page(SETTINGS, 200, 302),
    "clinic:subscription-delivery": Page(SETTINGS, 200),
    "clinic:subscription-disable": Page(SETTINGS, 200, 302),
    "clinic:subscription-enable": Page(SETTINGS, 200, 302),
    "clinic:subscription-outcome": Page(SETTINGS, 200),
    "clinic:subscription-renew": Page(SETTINGS, 200, 200, is_fresh=True),
    "clinic:subscription-resend": Page(SETTINGS, None, 302),
    "clinic:subscription-secret": Page(SETTINGS, 302, 200, is_fresh=True),
    "clinic:subscription-switch": Page(SETTINGS, None, 302),
    "clinic:subscription-test": Page(SETTINGS, None, 302),
    "clinic:subscriptions": Page(SETTINGS, 200),
    "clinic:switch-organisation": Page(VIEW, None, 404),
    "clinic:team": Page(SETTINGS, 200),
    "clinic:team-invite": Page(SETTINGS, 200, 422, is_fresh=True),
    "clinic:team-remove": Page(SETTINGS, 200, 302, is_fresh=True),
    "clinic:team-role": Page(SETTINGS, 200, 422, is_fresh=True),
    "clinic:team-send-again": Page(SETTINGS, None, 302),
    "clinic:team-withdraw": Page(SETTINGS, None, 302),
    "clinic:types": Page(VIEW, 200),
    "clinic:type": Page(VIEW, 200),
}

DOCTOR = {
    "doctor:appointment": Page(OWN, 200),
    "doctor:appointment-book-again": Page(OWN, 200, 422),
    "doctor:appointment-cancel": Page(OWN, 200, 422),
    "doctor:appointment-complete": Page(OWN, 200, 422),
    "doctor:appointment-confirm": Page(OWN, 200, 302),
    "doctor:appointment-join": Page(OWN, 200),
    "doctor:appointment-no-show": Page(OWN, 200, 422),
    "doctor:appointment-rebook": Page(OWN, 200, 422),
    "doctor:appointments": Page(OWN, 200),
    "doctor:appointments-week": Page(OWN, 200),
    "doctor:availability": Page(OWN, 200),
    "doctor:availability-date": Page(OWN, 200, 422),
    "doctor:availability-date-add": Page(OWN, 200, 422),
    "doctor:availability-date-effect": Page(OWN, 200),
    "doctor:availability-date-remove": Page(OWN, None, 302),
    "doctor:availability-hours": Page(OWN, 200, 422),
    "doctor:availability-hours-add": Page(OWN, 200, 422),
    "doctor:availability-hours-copy": Page(OWN, 200, 422),
    "doctor:availability-hours-copy-effect": Page(OWN, 200),
    "doctor:availability-hours-effect": Page(OWN, 200),
    "doctor:availability-hours-remove": Page(OWN, None, 302),
    "doctor:availability-hours-uncopy": Page(OWN, None, 302),
    "doctor:availability-keep": Page(OWN, None, 302),
    "doctor:availability-keep-all": Page(OWN, None, 302),
    "doctor:availability-off": Page(OWN, 200, 422),
    "doctor:availability-off-add": Page(OWN, 200, 422),
    "doctor:availability-off-effect": Page(OWN, 200),
    "doctor:availability-off-remove": Page(OWN, None, 302),
    "doctor:availability-unkeep": Page(OWN, None, 302),
    "doctor:availability-unkeep-all": Page(OWN, None, 302),
    "doctor:settings": Page(OWN, 200),
    "doctor:settings-calendar": Page(OWN, None, 302),
    "doctor:settings-calendar-off": Page(OWN, 200, 302),
    "doctor:settings-calendar-renew": Page(OWN, 200, 302),
    "doctor:settings-end-sessions": Page(OWN, None, 302),
    "doctor:settings-mobile-phone": Page(OWN, 302, 422),
    "doctor:settings-name": Page(OWN, 302, 422),
    "doctor:settings-notices": Page(OWN, 302, 422),
    "doctor:settings-time-zone": Page(OWN, 200, 422),
    "doctor:switch-organisation": Page(OWN, None, 404),
    "doctor:today": Page(OWN, 200),
    "doctor:today-outcome": Page(OWN, None, 302),
}

# Of the patient whose browser a launch code opened: a hold of theirs, and for `done` a visit of theirs.
SESSION = "booking session"
BOOK = {
    "booking:choose": Page(SESSION, 200),
    "booking:details": Page(SESSION, 200, 422),
    "booking:done": Page(SESSION, 200),
    "booking:hold": Page(SESSION, None, 302),
    "booking:release": Page(SESSION, None, 302),
    "booking:zone": Page(SESSION, 200, 302),
}

# (GET, POST) of nobody, and of whoever is signed in and proved who they are just now.
ACCOUNTS = {
    "account_change_password": ((302, 302), (200, 200)),
    "account_inactive": ((200, 405), (200, 405)),
    "account_invitation": ((410, 410), (410, 410)),
    "account_login": ((200, 200), (302, 302)),
    "account_logout": ((302, 302), (200, 302)),
    "account_no_portal": ((302, 302), (302, 405)),
    "account_reauthenticate": ((302, 302), (200, 200)),
    "account_reset_password": ((200, 200), (200, 200)),
    "account_reset_password_done": ((200, 405), (200, 405)),
    "account_reset_password_from_key": ((200, 200), (200, 200)),
    "account_reset_password_from_key_done": ((200, 405), (200, 405)),
    "mfa_activate_totp": ((302, 302), (200, 200)),
    "mfa_authenticate": ((302, 302), (302, 302)),
    "mfa_deactivate_totp": ((302, 302), (404, 404)),
    "mfa_download_recovery_codes": ((302, 302), (404, 404)),
    "mfa_generate_recovery_codes": ((302, 302), (200, 200)),
    "mfa_index": ((302, 302), (200, 405)),
    "mfa_reauthenticate": ((302, 302), (302, 302)),
    "mfa_view_recovery_codes": ((302, 302), (404, 405)),
}

# The same for everybody, signed in or not: by the address of the link, or public.
EVERYBODY = {
    "booking:calendar": (200, 405),
    "booking:cancel": (200, 302),
    "booking:join": (200, 405),
    "booking:launch": (302, 404),
    "booking:move": (200, 302),
    "booking:move-zone": (200, 405),
    "booking:reminders": (405, 302),
    "booking:room": (302, 405),
    "booking:visit": (200, 405),
    "doctor-feed": (200, 405),
    "healthz": (200, 405),
    "hook-email": (405, 403),
    "hook-twilio": (405, 403),
    "landing": (200, 405),
    "metrics": (200, 405),  # in production for METRICS_TOKEN alone: tests/rxscale/test_metrics.py
    "readyz": (200, 405),
}

# Routes only where DEMO_DOORS opens them: of and for made-up people, the same for everybody.
DEMO = {
    "demo:doors": (200, 405),
    "demo:enter": (405, 404),  # a door nobody made
    "demo:outbox": (200, 405),
    "demo:outbox-attachment": (404, 405),  # of no message
    "demo:outbox-html": (404, 405),
    "demo:outbox-message": (404, 405),
    "demo:partners": (405, 404),
    "demo:shop": (200, 405),
    "demo:shop-book": (405, 404),  # for nobody
    "demo:shop-legal": (404, 405),
    "demo:shop-webhooks": (405, 404),
}
