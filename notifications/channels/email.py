"""E-mail through Django's mail backend (SMTP, files, or an anymail provider), at least once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from notifications.kinds import Email, find
from notifications.models import Delivery, SuppressionReason
from notifications.outcomes import Next, Outcome

# Longer than the provider's own timeouts, so that a slow relay does not get the mail twice.
LEASE = timedelta(seconds=90)
_PERMANENT = range(500, 600)


def prepare(delivery: Delivery, now: datetime) -> Callable[[], Outcome]:
    """Word the mail; what is returned sends it and touches no database."""
    email = find(delivery.kind).render(delivery, now)
    if not isinstance(email, Email):
        raise TypeError(f"{delivery.kind} made no e-mail for {delivery}")
    message = compose(delivery, email)

    def send() -> Outcome:
        try:
            message.send()
        except SMTPRecipientsRefused as error:
            return _refused(error)
        except AnymailRecipientsRefused:
            return _bounced("the provider refuses the address")
        except (SMTPException, AnymailError, OSError) as error:
            return _failed(error)
        status = getattr(message, "anymail_status", None)
        return Outcome(
            Next.SENT, provider_message_id=str(getattr(status, "message_id", None) or "")
        )

    return send


def compose(delivery: Delivery, email: Email) -> EmailMultiAlternatives:
    """The message. Its Message-ID comes from the delivery, so every attempt is the same mail."""
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[delivery.address],
        headers={
            "Message-ID": message_id(delivery),
            "X-PM-KeepID": "true",  # else Postmark replaces the Message-ID
            "Auto-Submitted": "auto-generated",
        },
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    for attachment in email.attachments:
        message.attach(attachment.filename, attachment.content, attachment.mimetype)
    # Read by anymail's backends, which hand it back in their callbacks; others ignore it.
    vars(message)["metadata"] = {"delivery_uid": delivery.uid}
    return message


def message_id(delivery: Delivery) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{delivery.uid}@{domain}>"


def _refused(error: SMTPRecipientsRefused) -> Outcome:
    """The server named our one recipient: 5.1.x is the address's own fault, other 5xx are a refusal."""
    code, answer = next(iter(error.recipients.values()))
    text = answer.decode("utf-8", "replace")
    if code not in _PERMANENT:
        return Outcome(Next.RETRY, status_code=code, error=text[:500])
    if text.startswith("5.1."):
        return _bounced(text, code)
    return Outcome(Next.FAILED, status_code=code, reason=text[:200], error=text[:500])


def _bounced(reason: str, code: int | None = None) -> Outcome:
    return Outcome(
        Next.BOUNCED,
        status_code=code,
        reason=reason[:200],
        error=reason[:500],
        suppress=SuppressionReason.BOUNCED,
    )


def _failed(error: Exception) -> Outcome:
    """Tried again, also after a 5xx that is not about the recipient: it may be our account's trouble."""
    code, was_slow = None, isinstance(error, TimeoutError)
    if isinstance(error, SMTPResponseException):
        code = error.smtp_code if error.smtp_code > 0 else None
    elif isinstance(error, AnymailAPIError):
        code = error.status_code
        was_slow = code is None  # the provider gave no answer at all
    # The type only: a provider's message may quote the mail.
    return Outcome(Next.RETRY, status_code=code, error=type(error).__name__, was_slow=was_slow)
