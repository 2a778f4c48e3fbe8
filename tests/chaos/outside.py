"""What the system sends to: a partner, a mail server and Twilio, each with moods."""

import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.doubles import twilio
from tests.doubles.http import Behaviour, Receiver, Request, answer, drip, hang, reset
from tests.doubles.smtp import Mailbox, smtp_server

WELL = answer(204, b"")
LATER = "451 4.3.2 not now"


@dataclass
class Moods:
    """Answers as its mood says; `shown` counts how often each mood was met."""

    usual: Behaviour
    current: dict[str, Behaviour] = field(default_factory=dict)
    share: float = 0.0
    shown: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: socket.socket, request: Request) -> None:
        name = self._choose()
        behave = self.current[name] if name else self.usual
        behave(connection, request)

    def _choose(self) -> str:
        with self._lock:
            name = ""
            if self.current and random.random() < self.share:
                name = random.choice(list(self.current))
                self.shown[name] += 1
            return name

    @contextmanager
    def of(self, share: float, **moods: Behaviour) -> Iterator[None]:
        """Inside, that share of the requests meets one of these."""
        self.share, self.current = share, moods
        try:
            yield
        finally:
            self.current = {}


def accepts_and_says_nothing(seconds: float) -> Behaviour:
    """What Twilio does when its answer is lost: the SMS is on its way, the caller hears nothing."""
    return hang(seconds)


HOSTILE: dict[str, Behaviour] = {
    "hangs": hang(7),
    "drips": drip(7),
    "resets": reset,
    "redirects": answer(302, b"", Location="http://127.0.0.1:9/"),
}


@dataclass
class Outside:
    partner: Receiver
    partner_moods: Moods
    sms: Receiver
    sms_moods: Moods
    mailbox: Mailbox

    def has_heard_of(self, uid: str) -> bool:
        """Whether the partner was told of that visit."""
        return any(uid.encode() in request.body for request in list(self.partner.requests))

    @contextmanager
    def refusing_mail(self) -> Iterator[None]:
        self.mailbox.mood = LATER
        try:
            yield
        finally:
            self.mailbox.mood = ""


@contextmanager
def outside() -> Iterator[Outside]:
    partner_moods, sms_moods = Moods(WELL), Moods(twilio.accepted())
    with (
        Receiver(then=partner_moods) as partner,
        Receiver(then=sms_moods) as sms,
        smtp_server() as mailbox,
    ):
        yield Outside(partner, partner_moods, sms, sms_moods, mailbox)
