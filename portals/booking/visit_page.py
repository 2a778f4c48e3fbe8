"""What a patient's page says about a visit: its state in plain words, and what can be done now."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext

from appointments import letters, links
from appointments.models import Appointment
from appointments.status import OVER, Status
from common.local_time import day_in_words, in_words, time_in_words
from organisations.models import Shop
from organisations.zones import zone_of_patient


@dataclass(frozen=True, slots=True)
class State:
    """A badge with a word, its tone, and a sentence that says what it means for the patient."""

    badge: str
    tone: str
    sentence: str


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Everything the templates say that depends on the time, the zone or the language."""

    state: State
    zone_name: str
    day: str
    time: str
    length: str
    moved_from: str
    opens_at: datetime
    opens_later: bool
    is_joinable: bool
    is_ahead: bool
    join_path: str
    how_to_join: str
    change_rule: str
    can_move: bool
    can_cancel: bool


def can_move(appointment: Appointment, now: datetime) -> bool:
    """Whether its page offers to move it; `rebook` has the last word."""
    return appointment.status == Status.CONFIRMED and now <= appointment.rebookable_until


def can_cancel(appointment: Appointment, now: datetime) -> bool:
    """Whether its page offers to cancel it; `cancel` has the last word."""
    return appointment.status == Status.CONFIRMED and now <= appointment.cancellable_until


def visit_page(appointment: Appointment, *, now: datetime) -> VisitPage:
    """The page as of `now`, in the active language."""
    zone_name = zone_of_patient(appointment.patient)
    opens_at, closes_at = links.join_span(appointment)
    is_confirmed = appointment.status == Status.CONFIRMED
    previous = appointment.previous
    return VisitPage(
        state=_state(appointment, zone_name, now),
        zone_name=zone_name,
        day=day_in_words(appointment.starts_at, zone_name),
        time=time_in_words(appointment.starts_at, zone_name),
        length=letters.length(appointment),
        moved_from=in_words(previous.starts_at, zone_name) if previous else "",
        opens_at=opens_at,
        opens_later=is_confirmed and now < opens_at,
        is_joinable=links.is_joinable(appointment, now),
        is_ahead=is_confirmed and now < closes_at,
        join_path=urlsplit(links.join_url(appointment)).path if is_confirmed else "",
        how_to_join=letters.how_to_join(),
        change_rule=change_rule(appointment, zone_name, now),
        can_move=can_move(appointment, now),
        can_cancel=can_cancel(appointment, now),
    )


def _state(appointment: Appointment, zone_name: str, now: datetime) -> State:
    status = appointment.status_at(now)
    if status == Status.CONFIRMED or (status in OVER and links.is_joinable(appointment, now)):
        return _state_of_joining(appointment, zone_name, now)
    if status == Status.HELD:
        return _reserved(appointment, zone_name)
    return {
        Status.CANCELLED: State(
            gettext("Cancelled"),
            "is-bad",
            gettext("This appointment has been cancelled. It will not take place."),
        ),
        Status.EXPIRED: State(
            gettext("Not booked"),
            "is-warn",
            gettext("The reservation ran out before it was confirmed. Please choose a time again."),
        ),
        Status.COMPLETED: State(gettext("Over"), "", gettext("This appointment is over.")),
        Status.NO_SHOW: State(
            gettext("Over"), "", gettext("This appointment is over. You were not seen there.")
        ),
    }[status]


def _state_of_joining(appointment: Appointment, zone_name: str, now: datetime) -> State:
    opens_at, closes_at = links.join_span(appointment)
    if now < opens_at:
        sentence = gettext("Come back to join from %(opens)s.")
        opens = {"opens": in_words(opens_at, zone_name)}
        return State(gettext("Confirmed"), "is-good", sentence % opens)
    if now < closes_at:
        return State(gettext("Open now"), "is-good", gettext("You can join now."))
    return State(gettext("Over"), "", gettext("The time to join this appointment has passed."))


def _reserved(appointment: Appointment, zone_name: str) -> State:
    until = in_words(appointment.hold_expires_at or appointment.starts_at, zone_name)
    sentence = gettext("This time is reserved for you until %(until)s. It is not confirmed yet.")
    return State(gettext("Reserved"), "is-warn", sentence % {"until": until})


def change_rule(appointment: Appointment, zone_name: str, now: datetime) -> str:
    """Until when the patient may move and cancel, or whom to ask instead; blank for what is not booked."""
    if appointment.status != Status.CONFIRMED:
        return ""
    move_until, cancel_until = appointment.rebookable_until, appointment.cancellable_until
    words = {
        "move_until": in_words(move_until, zone_name),
        "cancel_until": in_words(cancel_until, zone_name),
        "contact": contact_of(appointment.shop),
    }
    may_move, may_cancel = can_move(appointment, now), can_cancel(appointment, now)
    if may_move and may_cancel and move_until == cancel_until:
        text = gettext("You can move or cancel it until %(cancel_until)s.")
    elif may_move and may_cancel:
        text = gettext(
            "You can move it until %(move_until)s, and cancel it until %(cancel_until)s."
        )
    elif may_move:
        text = gettext(
            "You can move it until %(move_until)s. It is too close to the start to cancel it here:"
            " if you cannot come, please tell %(contact)s."
        )
    elif may_cancel:
        text = gettext(
            "You can cancel it until %(cancel_until)s. It is too close to the start to move it here:"
            " please ask %(contact)s."
        )
    else:
        text = gettext(
            "It is too close to the start to move or cancel it here."
            " If you cannot come, please tell %(contact)s."
        )
    return text % words


def contact_of(shop: Shop) -> str:
    """Whom to ask: the shop by name, and how to reach it."""
    number = shop.contact_phone.replace(" ", "\N{NO-BREAK SPACE}")
    ways = " / ".join(way for way in (shop.contact_email, number) if way)
    return f"{shop.name} ({ways})" if ways else shop.name
