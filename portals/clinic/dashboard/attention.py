"""Needs attention: what somebody should look at today, each with where to go. Nothing is stored.

Five statements beside those of `queries.outlook`, whose visits outside hours are handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Func, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from appointments.models import Appointment
from common.local_time import in_short
from notifications.models import NotificationSubscription
from organisations.models import Organisation
from portals.clinic.access import ClinicRequest
from portals.clinic.doctors.queries import Show, counts, doctors_of, stops_in_force

from .lists import appointments
from .queries import AHEAD, Moment, Outlook
from .troubles import troubled_reminders

MOST_OF_A_KIND = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One line. Without `url` there is nothing this person may open."""

    title: str
    text: str = ""
    url: str = ""
    is_bad: bool = False


def items(request: ClinicRequest, moment: Moment, ahead: Outlook) -> list[Item]:
    """The most pressing first."""
    organisation = request.organisation
    return [
        *_maintenance(is_overdue=request.layout.is_maintenance_overdue),
        *_outside(ahead),
        *_stopped(organisation, moment),
        *_reminders(organisation, moment),
        *_endpoints(organisation, moment, may_open=request.layout.may_change_settings),
        *_doctors(organisation, moment),
    ]


def _maintenance(*, is_overdue: bool) -> Iterator[Item]:
    if is_overdue:
        text = "Nothing is lost: what waits is sent when it runs again. Tell the RxScale team."
        yield Item("The maintenance manager is overdue", text, is_bad=True)


def _outside(ahead: Outlook) -> Iterator[Item]:
    if ahead.outside:
        yield Item(
            f"{_visits(len(ahead.outside))} outside the doctor’s hours",
            f"Keep, rebook or cancel them.{_limit(is_capped=ahead.is_capped)}",
            reverse("clinic:attention", args=["outside-hours"]),
            is_bad=True,
        )


def _stopped(organisation: Organisation, moment: Moment) -> Iterator[Item]:
    """One line per doctor; the number is that of the list it opens."""
    ahead = Appointment.objects.of(organisation).upcoming(moment.now)
    counted = (
        ahead.filter(doctor=OuterRef("doctor"))
        .order_by()
        .annotate(number=Func(F("pk"), function="COUNT"))
        .values("number")
    )
    stops = (
        stops_in_force(moment.now)
        .filter(organisation=organisation)
        .annotate(visits=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)))
        .filter(visits__gt=0)
        .order_by("-visits", "pk")
        .values_list("visits", "doctor__display_name", "doctor__uid", "until", "reason")
    )
    for visits, name, uid, until, reason in stops[:MOST_OF_A_KIND]:
        until_when = f" until {in_short(until, moment.zone)}" if until else ""
        yield Item(
            f"{_visits(visits)} of {name}, whose new bookings are stopped",
            f"Stopped{until_when}: {reason}",
            appointments(doctor=uid),
        )


def _reminders(organisation: Organisation, moment: Moment) -> Iterator[Item]:
    troubled = troubled_reminders(organisation, moment.now)
    if troubled:
        whose = "a reminder" if len(troubled) == 1 else "reminders"
        yield Item(
            f"{_visits(len(troubled))} with {whose} skipped or failed",
            f"Somebody may not know of their visit. The next {AHEAD:,} visits are looked at.",
            reverse("clinic:attention", args=["reminders"]),
            is_bad=True,
        )


def _endpoints(organisation: Organisation, moment: Moment, *, may_open: bool) -> Iterator[Item]:
    """Those that fail, and those that were disabled for it. Not what somebody disabled by hand."""
    ailing = NotificationSubscription.objects.of(organisation).living().ailing()
    for endpoint in ailing.order_by("failing_since", "pk")[:MOST_OF_A_KIND]:
        if endpoint.disabled_at:
            title, text = "A webhook is disabled", endpoint.disabled_reason
        else:
            since = endpoint.failing_since
            title = "A webhook is failing"
            text = f"Since {in_short(since, moment.zone)}." if since else ""
        url = reverse("clinic:subscription", args=[endpoint.uid]) if may_open else ""
        yield Item(f"{title}: {endpoint.target}", text, url, is_bad=True)


def _doctors(organisation: Organisation, moment: Moment) -> Iterator[Item]:
    found = counts(doctors_of(organisation, moment.now))
    if number := found[Show.NO_WINDOWS]:
        yield Item(
            f"{_doctors_who(number, 'has', 'have')} no hours",
            "Nobody can book them until they enter some in their portal.",
            _list_of(Show.NO_WINDOWS),
        )
    if number := found[Show.NO_NUMBER]:
        yield Item(
            f"{_doctors_who(number, 'has', 'have')} no mobile number",
            "A reminder rule sends them text messages, which cannot arrive.",
            _list_of(Show.NO_NUMBER),
        )


def _list_of(show: Show) -> str:
    return f"{reverse('clinic:doctors')}?show={show}"


def _visits(number: int) -> str:
    return "1 visit" if number == 1 else f"{number:,} visits"


def _doctors_who(number: int, one: str, several: str) -> str:
    return f"1 doctor {one}" if number == 1 else f"{number} doctors {several}"


def _limit(*, is_capped: bool) -> str:
    return f" Only the next {AHEAD:,} visits were looked at." if is_capped else ""
