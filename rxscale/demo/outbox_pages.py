"""The outbox: a list that grows by itself, and each message as its recipient sees it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from portals.access import CONTENT_SECURITY_POLICY
from portals.rendering import is_fragment

from . import outbox
from .clinic import NORTHSIDE
from .pages import demo_page

# A mail brings inline styles and nothing else: no script, no image, no form. Its links open on their own.
_MAIL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)
_WITH_FRAME = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_OPEN = "mails to made-up people, in the demo only"


@demo_page(_OPEN)
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """`before`: the page after that message. To htmx, with `after`: what left since then, or nothing at all."""
    if is_fragment(request):
        return _news(request)
    letters = outbox.newest(before=request.GET.get("before", ""))
    context = {
        "letters": letters,
        "zone": NORTHSIDE.timezone,
        "is_first": "before" not in request.GET,
        "older_than": letters[-1].uid if len(letters) == outbox.PAGE else "",
    }
    return render(request, "demo/outbox.html", context)


@demo_page(_OPEN)
@require_safe
def message(request: HttpRequest, uid: str) -> HttpResponse:
    context = {"letter": _find(uid), "zone": NORTHSIDE.timezone}
    response = render(request, "demo/letter.html", context)
    response.headers["Content-Security-Policy"] = _WITH_FRAME
    return response


@demo_page(_OPEN)
@require_safe
def html(request: HttpRequest, uid: str) -> HttpResponse:
    """The HTML part itself, for the frame of `message`."""
    response = HttpResponse(_find(uid).html)
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@demo_page(_OPEN)
@require_safe
def attachment(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    attachments = _find(uid).attachments
    if number >= len(attachments):
        raise Http404
    found = attachments[number]
    response = HttpResponse(found.content, content_type=found.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{found.filename}"'
    return response


def _news(request: HttpRequest) -> HttpResponse:
    letters = outbox.newest(after=request.GET.get("after", ""))
    if not letters:
        return HttpResponse(status=204)
    context = {"letters": letters, "zone": NORTHSIDE.timezone, "is_first": True}
    return HttpResponse(render_to_string("demo/outbox.html#news", context, request=request))


def _find(uid: str) -> outbox.Letter:
    letter = outbox.find(uid)
    if letter is None:
        raise Http404
    return letter
