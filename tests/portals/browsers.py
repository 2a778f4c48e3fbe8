"""People at browsers."""

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    user_logged_in,
)
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client

from organisations.models import User
from portals.accounts.sessions import SEEN_AT


def sign_in(user: User) -> Client:
    """As `force_login` leaves it, but by five statements instead of seventeen: a thousand tests begin so."""
    request = HttpRequest()
    request.session = SessionStore()
    request.session[SESSION_KEY] = str(user.pk)
    request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    user_logged_in.send(sender=User, request=request, user=user)
    # Seen an hour ahead: a browser may stand for a module, whose tests count no stamp of its minutes.
    request.session[SEEN_AT] += 3600
    request.session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return client
