"""Pages of the documented lists: 0-based, with exact totals."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from .strict import QueryAmount, QueryCount

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
Row = TypeVar("Row", bound=Model)


class PageQuery(Schema):
    page: QueryCount = Field(0, description="0-based.")
    limit: QueryAmount = Field(
        DEFAULT_LIMIT, description=f"More than {MAX_LIMIT} is taken as {MAX_LIMIT}."
    )


def page_of(rows: QuerySet[Row], query: PageQuery) -> tuple[list[Row], dict[str, int]]:
    """The page's rows and the two totals. `rows` must be ordered; a page beyond the end is empty."""
    limit = min(query.limit, MAX_LIMIT)
    total = rows.count()
    first = query.page * limit
    # PostgreSQL's OFFSET is a bigint and a page number need not be: do not ask for what is not there.
    page = list(rows[first : first + limit]) if first < total else []
    return page, {"totalRegistries": total, "totalPages": -(-total // limit)}
