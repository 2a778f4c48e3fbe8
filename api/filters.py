"""The documented filters of the appointment lists of both APIs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from appointments.models import AppointmentQuerySet
from appointments.status import ACTIVE, Status
from common.clock import from_epoch

from .errors import bad_input
from .paging import PageQuery
from .strict import QueryInstant, Reference

# One list, not `Status | Literal["all"]`: of a union the answer would name both halves as fields.
StatusFilter = Literal["held", "confirmed", "cancelled", "expired", "completed", "no_show", "all"]


class AppointmentFilters(PageQuery):
    status: StatusFilter | None = Field(None, description="Without: `held` and `confirmed`.")
    from_: QueryInstant | None = Field(None, alias="from", description="Inclusive, of `starts_at`.")
    to: QueryInstant | None = Field(None, description="Inclusive, of `starts_at`.")
    client_reference: Reference | None = None


def filtered(
    rows: AppointmentQuerySet, query: AppointmentFilters, *, now: datetime
) -> AppointmentQuerySet:
    """By status as of `now`, start and reference, in the documented order. Raises 400 for `to` <= `from`.

    Without `status`: held and confirmed; without `from` and `to` as well, only what has not ended.
    """
    if query.from_ is not None and query.to is not None and query.to <= query.from_:
        raise bad_input({"to": ["This must be after from."]})
    if query.status is None and query.from_ is None and query.to is None:
        rows = rows.upcoming(now)
    elif query.status is None:
        rows = rows.with_status_now(ACTIVE, now)
    elif query.status != "all":
        rows = rows.with_status_now([Status(query.status)], now)
    if query.from_ is not None:
        rows = rows.filter(starts_at__gte=from_epoch(query.from_))
    if query.to is not None:
        rows = rows.filter(starts_at__lte=from_epoch(query.to))
    if query.client_reference is not None:
        rows = rows.filter(client_reference=query.client_reference)
    return rows.order_by("starts_at", "uid")
