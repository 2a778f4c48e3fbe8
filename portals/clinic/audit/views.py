"""The audit log on screen and as a file. The filter is in the URL: uids, dates and actions, no data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from organisations import audit
from organisations.models import AuditEntry
from portals.chips import Chip, chip, query_with
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.csv_export import CHUNK, csv_response
from portals.dates import in_words
from portals.keyset import paginate
from portals.rendering import page

from . import queries
from .forms import AuditFilterForm, Choices, label_of
from .queries import Line
from .words import action_in_words

_HEADER = (
    "at",
    "action",
    "what",
    "who",
    "kind",
    "actor_uid",
    "from_address",
    "object_uid",
    "details",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter as given, and what of it can be used."""

    form: AuditFilterForm
    fields: dict[str, Any]
    people: Choices

    def entries(self, request: ClinicRequest) -> QuerySet[AuditEntry]:
        return queries.entries(request.organisation, self.fields, zone_name=request.zone)


@clinic_page(Right.SETTINGS)
@require_safe
def audit_log(request: ClinicRequest) -> HttpResponse:
    wanted = _wanted(request)
    entries = paginate(
        request,
        wanted.entries(request),
        key=("at", "position"),
        descending=True,
        labels=("Newer", "Older"),
    )
    lines = [queries.line(entry) for entry in entries.rows]
    context = {
        "entries": entries,
        "lines": lines,
        "form": wanted.form,
        "chips": _chips(request, wanted, lines),
        "export_query": query_with(request, page=None),
    }
    return page(request, "portals/clinic/audit/list.html", context, part="rows")


@clinic_page(Right.EXPORT)
@require_safe
def export(request: ClinicRequest) -> HttpResponseBase:
    """The filtered entries as CSV, newest first. In the audit log itself, before the first row leaves."""
    entries = _wanted(request).entries(request).filter(at__lt=request.now)
    audit.record(request.organisation, "audit_log.exported", actor=request.actor, now=request.now)
    newest_first = entries.order_by("-at", "-pk").iterator(chunk_size=CHUNK)
    lines = (queries.line(entry) for entry in newest_first)
    rows = (
        (
            line.entry.at,
            line.entry.action,
            line.what,
            line.who,
            line.kind,
            line.entry.actor_uid,
            line.entry.ip_address,
            line.entry.object_uid,
            line.details,
        )
        for line in lines
    )
    return csv_response("audit-log.csv", _HEADER, rows, zone_name=request.zone)


def _wanted(request: ClinicRequest) -> Wanted:
    people = queries.people(request.organisation)
    form = AuditFilterForm(request.GET, people)
    form.is_valid()
    return Wanted(form, {name: value for name, value in form.cleaned_data.items() if value}, people)


def _chips(request: ClinicRequest, wanted: Wanted, lines: Sequence[Line]) -> list[Chip]:
    """A person who is not on offer, for they left, has the name their entries say."""
    fields = wanted.fields
    default = lines[0].who if lines else ""
    words: dict[str, Callable[[Any], str]] = {
        "person": lambda value: label_of(wanted.people, value) or default or value,
        "action": action_in_words,
        "uid": lambda value: f"About {value}",
        "since": lambda value: f"From {in_words(value)}",
        "until": lambda value: f"To {in_words(value)}",
    }
    return [chip(request, say(fields[name]), name) for name, say in words.items() if name in fields]
