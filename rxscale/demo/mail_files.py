"""The demo's mail goes to files: one `.eml` per mail sent, named by its delivery, to open in any mail program."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _write(message)
        return len(email_messages)


def mail_file(delivery_uid: str) -> Path:
    return Path(settings.EMAIL_FILE_PATH) / f"{delivery_uid}.eml"


def sms_file(delivery_uid: str) -> Path:
    """Where notifications.channels.sms writes without a provider."""
    return Path(settings.DATA_DIR) / "private" / "sms" / f"{delivery_uid}.txt"


def _write(message: EmailMessage) -> None:
    """A mail that is sent twice is two files: `dlv-….eml` and `dlv-….2.eml`."""
    content = message.message()
    first = mail_file(str(content["Message-ID"]).strip("<>").partition("@")[0])
    first.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in count(1):
        path = first if number == 1 else first.with_suffix(f".{number}.eml")
        try:
            with path.open("xb") as file:
                file.write(content.as_bytes())
        except FileExistsError:
            continue
        return
