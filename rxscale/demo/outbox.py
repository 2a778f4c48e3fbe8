"""Every mail and SMS of the demo, as whoever got it sees it: read back from the files they were written to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from django.db.models import Q, QuerySet

from notifications.models import Channel, Delivery, DeliveryState
from organisations.models import Organisation

from .clinic import HARBOUR, NORTHSIDE
from .mail_files import mail_file, sms_file

PAGE = 40
_LEFT = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED)


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """One message that left, and the bytes of its file."""

    delivery: Delivery
    raw: bytes

    @property
    def uid(self) -> str:
        return self.delivery.uid

    @property
    def is_sms(self) -> bool:
        return self.delivery.channel == Channel.SMS

    @property
    def left_at(self) -> datetime:
        assert self.delivery.settled_at is not None  # noqa: S101  # what left is settled
        return self.delivery.settled_at

    @property
    def has_bounced(self) -> bool:
        return self.delivery.state == DeliveryState.BOUNCED

    @cached_property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        """Of an SMS, which has none, its beginning."""
        return self.text.partition("\n")[0] if self.is_sms else str(self.mail["Subject"] or "")

    @property
    def sender(self) -> str:
        return "" if self.is_sms else str(self.mail["From"])

    @property
    def text(self) -> str:
        if self.is_sms:
            return self.raw.decode("utf-8", "replace").partition("\n\n")[2].strip()
        return self._body("plain")

    @property
    def html(self) -> str:
        """Links open beside the page that frames it."""
        return self._body("html").replace("<head>", '<head><base target="_blank">', 1)

    @property
    def attachments(self) -> list[Attachment]:
        parts = [] if self.is_sms else self.mail.iter_attachments()
        return [
            Attachment(
                part.get_filename() or "attachment",
                part.get_content_type(),
                payload,
            )
            for part in parts
            if isinstance(payload := part.get_payload(decode=True), bytes)
        ]

    def _body(self, kind: str) -> str:
        part = self.mail.get_body((kind,))
        return str(part.get_content()) if part else ""


def find(uid: str) -> Letter | None:
    delivery = _row(uid)
    return _read(delivery) if delivery else None


def newest(*, before: str = "", after: str = "") -> list[Letter]:
    """A page of letters, newest first: those older, or newer, than the letter of that uid. Two statements."""
    rows = _deliveries()
    if mark := _row(before or after):
        is_older = Q(settled_at__lt=mark.settled_at) | Q(settled_at=mark.settled_at, pk__lt=mark.pk)
        rows = rows.filter(is_older) if before else rows.exclude(is_older).exclude(pk=mark.pk)
    return list(_letters(rows.order_by("-settled_at", "-pk")[:PAGE]))


def _deliveries() -> QuerySet[Delivery]:
    clinics = Organisation.objects.filter(name__in=(NORTHSIDE.name, HARBOUR.name))
    left = Delivery.objects.filter(organisation__in=clinics, state__in=_LEFT)
    return left.exclude(channel=Channel.WEBHOOK)


def _row(uid: str) -> Delivery | None:
    is_one = uid and "\0" not in uid  # which cannot be asked of PostgreSQL
    return _deliveries().filter(uid=uid).first() if is_one else None


def _letters(deliveries: Iterable[Delivery]) -> Iterator[Letter]:
    for delivery in deliveries:
        if letter := _read(delivery):
            yield letter


def _read(delivery: Delivery) -> Letter | None:
    """None where a real provider took it."""
    file = (sms_file if delivery.channel == Channel.SMS else mail_file)(delivery.uid)
    try:
        return Letter(delivery, file.read_bytes())
    except OSError:
        return None
