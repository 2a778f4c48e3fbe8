"""A repeated call is carried out once: its answer is kept with the move, in the move's transaction."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse

from common.retrying import retrying
from common.sql import insert_or_nothing
from organisations.models import Organisation

from .errors import Problem, bad_input, conflict
from .models import IdempotencyKey
from .rendering import CONTENT_TYPE
from .strict import read_body

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
_VISIBLE_ASCII = re.compile(r"[!-~]{1,255}")


def once(
    request: HttpRequest,
    work: Callable[[], HttpResponse],
    *,
    organisation: Organisation,
    caller: str,
    now: datetime,
) -> HttpResponse:
    """Do `work` once per (caller, key), and answer a repeated call as the first was answered.

    Without the header `work` simply runs. `work` answers with a 2xx or raises; then nothing is
    kept, so that the caller may try again. Raises 400 (header), 422 (the key belongs to another
    request), 409 `idempotency_in_progress`.
    """
    key = _key_of(request)
    if key is None:
        return work()
    row = IdempotencyKey(
        organisation=organisation,
        caller=caller,
        key=key,
        method=request.method or "",
        path=request.path_info,
        body_digest=hashlib.sha256(read_body(request).strip() or b"{}").hexdigest(),
        created_at=now,
    )
    return retrying(lambda: _first_or_again(row, work))


def _first_or_again(row: IdempotencyKey, work: Callable[[], HttpResponse]) -> HttpResponse:
    # Not the unique constraint but an advisory lock tells that the first call still runs: a second
    # insert would wait for it. It is let go after the commit, so the row is there for the next one.
    if not _lock(row):
        raise _in_progress()
    earlier = IdempotencyKey.objects.filter(caller=row.caller, key=row.key).first()
    if earlier and earlier.created_at > row.created_at - KEPT_FOR:
        return _again(earlier, row)
    if earlier:
        earlier.delete()
    answer = work()
    row.status_code = answer.status_code
    row.answer = answer.content
    row.pk = None  # retried after a rollback: a new row
    if not insert_or_nothing(row):
        raise _in_progress()
    return answer


def _again(earlier: IdempotencyKey, row: IdempotencyKey) -> HttpResponse:
    same = ("method", "path", "body_digest")
    if any(getattr(earlier, name) != getattr(row, name) for name in same):
        message = "This idempotency key was used for another request."
        raise Problem(422, {"error": message, "code": "idempotency_key_reused"})
    return HttpResponse(
        bytes(earlier.answer or b""),
        status=earlier.status_code or 200,
        content_type=CONTENT_TYPE,
        headers={"Idempotent-Replayed": "true"},
    )


def _lock(row: IdempotencyKey) -> bool:
    """Without waiting; until the end of the transaction."""
    name = f"idempotency\0{row.caller}\0{row.key}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)


def _in_progress() -> Problem:
    return conflict("idempotency_in_progress", "The first call with this key is still running.")


def _key_of(request: HttpRequest) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _VISIBLE_ASCII.fullmatch(key):
        raise bad_input({HEADER: ["This must be 1 to 255 visible ASCII characters."]})
    return key
