"""SMS through Twilio, at most once; without credentials the text goes to the log and a file instead."""

import base64
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from common.outbound import CallFailed, Reach, call
from notifications.kinds import Sms, find
from notifications.models import Delivery, SuppressionReason
from notifications.outcomes import Next, Outcome

DEADLINE_SECONDS = 10.0
LEASE = timedelta(seconds=30)
OPTED_OUT = 21610
# Nothing was sent and it is not this message's fault: our account, the rate, a pause of the service.
_TRY_AGAIN = frozenset({401, 403, 408, 429, 503})

_log = logging.getLogger(__name__)


def prepare(delivery: Delivery, now: datetime) -> Callable[[], Outcome]:
    """Word the SMS; what is returned sends it and touches no database."""
    sms = find(delivery.kind).render(delivery, now)
    if not isinstance(sms, Sms):
        raise TypeError(f"{delivery.kind} made no SMS for {delivery}")
    address, uid = delivery.address, delivery.uid
    if not settings.TWILIO_ACCOUNT_SID:
        return lambda: _write_down(uid, address, sms.text)
    return lambda: _send(uid, address, sms.text)


def callback_url(delivery_uid: str) -> str:
    """Where Twilio reports what became of the message; its signature covers this very text."""
    return f"{settings.BASE_URL}/hooks/twilio/{delivery_uid}"


def _send(uid: str, address: str, text: str) -> Outcome:
    client = Client(
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=_OutboundHttp()
    )
    client.api.base_url = settings.TWILIO_API_BASE
    try:
        message = client.messages.create(
            to=address, from_=settings.TWILIO_FROM, body=text, status_callback=callback_url(uid)
        )
    except CallFailed as error:
        return _no_answer(error)
    except TwilioRestException as error:
        return _refused(error)
    except (TwilioException, ValueError) as error:  # an answer that is no JSON, or no message
        return Outcome(Next.UNKNOWN, reason="unreadable answer", error=type(error).__name__)
    return Outcome(Next.SENT, status_code=201, provider_message_id=str(message.sid or ""))


def _no_answer(error: CallFailed) -> Outcome:
    """Once a byte was on its way the message may have been sent: never again, the callback will tell."""
    if error.may_have_arrived:
        return Outcome(
            Next.UNKNOWN, reason="no answer", error=str(error), was_slow=error.is_timeout
        )
    return Outcome(Next.RETRY, error=str(error), was_slow=error.is_timeout)


def _refused(error: TwilioRestException) -> Outcome:
    code, detail = error.status, f"Twilio {error.code or error.status}"
    if error.code == OPTED_OUT:
        return Outcome(
            Next.SKIPPED,
            status_code=code,
            reason="opted out",
            error=detail,
            suppress=SuppressionReason.OPTED_OUT,
        )
    if code in _TRY_AGAIN:
        return Outcome(Next.RETRY, status_code=code, error=detail)
    if code >= 500:  # it may have been taken before it broke
        return Outcome(Next.UNKNOWN, status_code=code, reason="no clear answer", error=detail)
    return Outcome(Next.FAILED, status_code=code, reason=detail, error=detail)


def _write_down(uid: str, address: str, text: str) -> Outcome:
    """No provider: keep the text where the operator finds it; the log names the delivery only."""
    folder = Path(settings.DATA_DIR) / "private" / "sms"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{uid}.txt").write_text(f"To: {address}\n\n{text}\n", encoding="utf-8")
    _log.info("no SMS provider is set: %s was written to a file instead", uid)
    return Outcome(Next.SENT)


class _OutboundHttp(HttpClient):  # type: ignore[misc]  # twilio ships no types
    """Twilio's client over our one HTTP client, for its total deadline."""

    def __init__(self) -> None:
        super().__init__(_log, is_async=False, timeout=DEADLINE_SECONDS)

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        answer = call(
            method,
            f"{uri}?{urlencode(params)}" if params else uri,
            content=urlencode(data or {}).encode(),
            headers=sent,
            reach=Reach.ANYWHERE,
            total_seconds=timeout or DEADLINE_SECONDS,
        )
        return Response(answer.status_code, answer.body.decode("utf-8", "replace"), answer.headers)
