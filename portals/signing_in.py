"""On to the sign-in page and back, also out of an htmx request and out of a form that was posted."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from .rendering import go_to

# static/js/drafts.js puts back what was typed when it finds itself at this fragment.
RESUME = "#resume"


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, with the way back: the page asked for, or the one whose form was posted."""
    query = QueryDict(mutable=True)
    query["next"] = way_back(request)
    return go_to(request, f"{resolve_url(settings.LOGIN_URL)}?{query.urlencode(safe='/')}")


def way_back(request: HttpRequest) -> str:
    is_safe = request.method in ("GET", "HEAD")
    is_fragment = request.headers.get("HX-Request") == "true"
    if is_safe and not is_fragment:
        return request.get_full_path()
    page = request.headers.get("HX-Current-URL" if is_fragment else "Referer", "")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}):
        return request.path
    parts = urlsplit(page)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path}{query}{'' if is_safe else RESUME}"
