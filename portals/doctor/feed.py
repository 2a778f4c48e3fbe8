"""The private calendar feed as calendars fetch it: without a sign-in, by an address nobody can guess.

A calendar asks every quarter of an hour and mostly hears that nothing has changed: 304, before anything is rendered.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from appointments import calendar_feed
from common.access import public
from common.clock import utc_now
from common.rate_limits import seconds_to_wait
from portals.access import confidential

_TEXT = "text/plain; charset=utf-8"


@public("whoever holds the doctor's secret address, an HMAC over the feed")
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The doctor's visits; 404 for whatever is no address (any more), without saying why."""
    response = _answer(request, token)
    if response.status_code in (200, 304):
        # A calendar keeps it, so that it can ask whether it still holds; nobody in between does.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@confidential
def _answer(request: HttpRequest, token: str) -> HttpResponse:
    uid = calendar_feed.uid_in(token)
    if uid and (wait := seconds_to_wait(f"feed:{uid}", settings.FEED_RATE_LIMIT)):
        headers = {"Retry-After": str(wait)}
        return HttpResponse("Too often.\n", status=429, content_type=_TEXT, headers=headers)
    found = calendar_feed.find(token)
    if found is None:
        return HttpResponse("There is no such calendar.\n", status=404, content_type=_TEXT)
    contents = calendar_feed.contents(found, now=utc_now())
    etag = f'"{contents.etag}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        contents.to_ical(),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="rxscale.ics"'},
    )
    response.headers["ETag"] = etag
    return response
