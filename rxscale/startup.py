"""Production refuses to start unsafely: web, worker and beat run the system checks before they serve."""

from django.conf import settings
from django.core import checks


def refuse_unsafe_settings() -> None:
    """End the process, saying what to do, when a system check of settings finds an error in production."""
    if not settings.IS_PRODUCTION:
        return
    found = checks.run_checks(tags=[checks.Tags.security])
    errors = [message for message in found if message.is_serious() and not message.is_silenced()]
    if errors:
        lines = [f"({error.id}) {error.msg} {error.hint}" for error in errors]
        raise SystemExit("\n".join(["RxScale does not start:", *lines]))
