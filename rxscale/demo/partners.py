"""Two more receivers: a CRM that was down for a while, and an old one that is gone for good (410).

While their story is told, before web runs, this process answers at web's address in their stead; from then on
the demo's own pages do.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from appointments import lifecycle
from appointments.models import Appointment
from notifications import delivery, endpoints, subscriptions
from notifications.errors import Invalid
from notifications.models import Delivery, DeliveryState, EventType, NotificationSubscription
from notifications.subscriptions import Options
from organisations.actors import SYSTEM

from .acts import as_patient, book, first_free, someone
from .clinic import Clinic
from .pages import demo_page

CRM, OLD_CRM = "crm", "old-crm"
ANSWERS = {CRM: 204, OLD_CRM: 410}
DOWN_FOR = timedelta(minutes=80)  # long enough for the admins to be told
PATH = "/demo/partners/"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@demo_page("receivers of the demo: one takes everything, one is gone")
@csrf_exempt
@require_POST
def receive(request: HttpRequest, name: str) -> HttpResponse:
    if name not in ANSWERS:
        raise Http404
    return HttpResponse(status=ANSWERS[name])


def tell(clinic: Clinic, *, port: int, now: datetime) -> bool:
    """The story of both, told once; whether it was. Nothing where webhooks may not go to that port.

    Raises OSError when somebody listens there already.
    """
    home = f"http://127.0.0.1:{port}{PATH}"
    ours = NotificationSubscription.objects.of(clinic.organisation)
    if ours.filter(target__contains=PATH).exists():
        return False
    began, answers = now - 3 * _DAY, dict.fromkeys(ANSWERS, 204)
    with answering(port, answers):
        try:
            for name in ANSWERS:
                _subscribe(clinic, f"{home}{name}", now=began)
        except Invalid:
            return False
        _live_through(clinic, answers, began, now=now)
    return True


def _live_through(
    clinic: Clinic, answers: dict[str, int], began: datetime, *, now: datetime
) -> None:
    patient = someone(clinic.shop, "story-crm", "Nora Lindqvist", now=began, language="en")
    kind, doctor = clinic.types[0], clinic.doctors[0]
    at = began + _HOUR
    start = first_free(kind, doctor, now + 5 * _DAY, _DAY, now=at)
    visit = book(patient, kind, doctor, start, now=at)
    delivery.deliver_due(at)
    answers.update({CRM: 503, OLD_CRM: 410})
    at = began + 4 * _HOUR
    later = first_free(kind, doctor, now + 6 * _DAY, _DAY, now=at)
    visit = lifecycle.rebook(visit, starts_at=later, actor=as_patient(patient), now=at)
    _send_until(at, at + DOWN_FOR)
    answers[CRM] = 204
    _send_until(at + DOWN_FOR, at + 5 * _HOUR)
    _move_once_more(visit, now=now)


def _move_once_more(visit: Appointment, *, now: datetime) -> None:
    at = now - 22 * _HOUR
    kind, doctor = visit.appointment_type, visit.doctor
    start = first_free(kind, doctor, now + 8 * _DAY, _DAY, now=at)
    lifecycle.rebook(visit, starts_at=start, actor=as_patient(visit.patient), now=at)
    delivery.deliver_due(at)


def _send_until(at: datetime, end: datetime) -> None:
    """As the minute would: what is due at its instant, and a look at the endpoints' health."""
    while at < end:
        delivery.deliver_due(at)
        endpoints.watch(at)
        waiting = Delivery.objects.filter(
            state=DeliveryState.PENDING, next_attempt_at__gt=at, subscription__target__contains=PATH
        )
        first = waiting.order_by("next_attempt_at").first()
        if first is None or first.next_attempt_at is None:
            return
        at = first.next_attempt_at + timedelta(seconds=1)


def _subscribe(clinic: Clinic, target: str, *, now: datetime) -> None:
    subscriptions.create(
        clinic.organisation,
        notification_type=EventType.MEETING_UPDATED,
        target=target,
        shop=clinic.shop,
        options=Options(contact_email="it@northside-health.example"),
        actor=SYSTEM,
        now=now,
    )


@contextmanager
def answering(port: int, answers: Mapping[str, int]) -> Iterator[None]:
    """A real server there, which answers what `answers` says of the last part of the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(answers.get(self.path.rpartition("/")[2], 404))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """The deliveries tell."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
