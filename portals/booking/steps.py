"""Where the patient is: the steps of the way, without those that have one choice only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext, pgettext

from .wishes import Wish

Place = Literal["type", "doctor", "time", "details"]


@dataclass(frozen=True, slots=True)
class Step:
    """`url` leads back to a step that was taken."""

    name: str
    url: str
    is_current: bool


def steps_of(wish: Wish, current: Place) -> Sequence[Step]:
    way: list[tuple[Place, str, str]] = []
    if len(wish.kinds) != 1:
        way.append(("type", gettext("Appointment"), wish.url(type=None, doctor=None)))
    if wish.kind is None or len(wish.doctors) > 1:
        way.append(("doctor", pgettext("step of booking", "Doctor"), wish.url(doctor=None)))
    way.append(("time", gettext("Time"), wish.url()))
    way.append(("details", gettext("Your details"), ""))
    at = [place for place, _, _ in way].index(current)
    return [
        Step(name, url if number < at else "", number == at)
        for number, (_, name, url) in enumerate(way)
    ]
