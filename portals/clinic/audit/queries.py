"""Entries of the audit log by filter, and whom the filter offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, LPad

from organisations.actors import ActorKind
from organisations.models import ApiKey, AuditEntry, Doctor, Membership, Organisation
from portals.dates import typed

from .forms import STAFF, SYSTEM, Choices
from .words import KINDS, action_in_words, details_in_words, url_of

_KINDS = {STAFF: ActorKind.STAFF, SYSTEM: ActorKind.SYSTEM}
_DIGITS = 19  # of the largest id
_MOST_KEYS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is shown."""

    entry: AuditEntry
    what: str
    details: str
    who: str
    kind: str
    url: str


def entries(
    organisation: Organisation, wanted: Mapping[str, Any], *, zone_name: str
) -> QuerySet[AuditEntry]:
    """What the filter's cleaned fields leave. `position` orders the entries of one instant as written."""
    rows: QuerySet[AuditEntry] = AuditEntry.objects.of(organisation)
    if person := wanted.get("person"):
        rows = (
            rows.filter(actor_kind=_KINDS[person])
            if person in _KINDS
            else rows.filter(actor_uid=person)
        )
    if action := wanted.get("action"):
        rows = rows.filter(action=action)
    if uid := wanted.get("uid"):
        rows = rows.filter(object_uid=uid)
    first, last = wanted.get("since"), wanted.get("until")
    rows = _within(rows, first, last, zone_name)
    position = LPad(Cast("id", CharField()), _DIGITS, Value("0"))
    return rows.annotate(position=position)


def _within(
    rows: QuerySet[AuditEntry], first: date | None, last: date | None, zone_name: str
) -> QuerySet[AuditEntry]:
    if not (first or last):
        return rows
    start, end = typed(first, last).bounds(zone_name)
    if start:
        rows = rows.filter(at__gte=start)
    return rows.filter(at__lt=end) if end else rows


def line(entry: AuditEntry) -> Line:
    return Line(
        entry=entry,
        what=action_in_words(entry.action),
        details=details_in_words(entry.details),
        who=entry.actor_label or entry.actor_uid or KINDS.get(entry.actor_kind, entry.actor_kind),
        kind=KINDS.get(entry.actor_kind, entry.actor_kind),
        url=url_of(entry.object_uid),
    )


def people(organisation: Organisation) -> Choices:
    """Everybody the filter offers, by kind. Three queries."""
    members = Membership.objects.of(organisation).values_list(
        "user__uid", "user__name", "user__email"
    )
    doctors = Doctor.objects.of(organisation).exclude(user=None)
    keys = ApiKey.objects.of(organisation).order_by("-created_at", "-pk")[:_MOST_KEYS]
    groups: Sequence[tuple[str, list[tuple[str, str]]]] = [
        ("Team", _by_name([(uid, name or email) for uid, name, email in members])),
        ("Doctors", _by_name(list(doctors.values_list("user__uid", "display_name")))),
        ("API keys", _by_name(list(keys.values_list("uid", "name")))),
    ]
    others = ("Others", [(STAFF, "RxScale team"), (SYSTEM, "Automatic")])
    return [group for group in groups if group[1]] + [others]


def _by_name(people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(people, key=lambda one: one[1].casefold())
