"""Answering a page and the pieces of it that htmx swaps: one template, one URL, one context.

    return page(request, "portals/clinic/patients/list.html", context, part="rows")

A browser gets the whole page. htmx gets `{% partialdef rows %}` of the same template, and any toasts.
"""

from collections.abc import Mapping
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django_htmx.http import HttpResponseClientRedirect

Row = TypeVar("Row", bound=Model)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece: not for a boosted page, and not to restore one for Back."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object],
    *,
    part: str = "",
    status: int = 200,
    takes_toasts: bool = True,
) -> HttpResponse:
    """The whole page, or to htmx its partial named `part`. A form with errors: `status=422`.

    A browser that asks by itself while somebody types may find the form gone when the answer comes, and the
    toasts with it: such an answer leaves them where they are.
    """
    if not (part and is_fragment(request)):
        return render(request, template, dict(context), status=status)
    piece = render_to_string(f"{template}#{part}", dict(context), request=request)
    if not takes_toasts:
        return HttpResponse(piece, status=status)
    toasts = render_to_string("components/late_toasts.html", request=request)
    return HttpResponse(piece + toasts, status=status)


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the browser, whether it asked itself or through htmx (which would follow unseen)."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def get_or_404(rows: QuerySet[Row], **lookup: str) -> Row:
    """The row, or the 404 that says nothing: an absent uid and somebody else's read the same."""
    try:
        # A NUL cannot be asked of PostgreSQL, and no uid of ours holds one.
        if not any("\0" in value for value in lookup.values()):
            return rows.get(**lookup)
    except ObjectDoesNotExist:
        pass
    raise Http404
