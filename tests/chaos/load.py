"""Partners that book, move and cancel over HTTP without a break, and remember every answer they were given."""

import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any

from common.clock import to_epoch
from tests.api.world import BASE, TOKEN_HEADER, mint, on_the_grid

CLIENTS = 4
SLOTS = 48 * 14
PATIENCE_SECONDS = 10.0  # for one answer; the worst allowed is three
TRIES = 40
Json = dict[str, Any]


@dataclass
class Ledger:
    """`states`: by uid, what a visit may be by the answers that were given: more than one after silence."""

    states: dict[str, set[str]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    oddities: list[str] = field(default_factory=list)
    acknowledged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, status: int, seconds: float, oddity: str) -> None:
        with self._lock:
            self.answers[status] += 1
            self.slowest = max(self.slowest, seconds)
            self.acknowledged += 200 <= status < 300
            if oddity:
                self.oddities.append(oddity)

    def now_is(self, uid: str, *states: str) -> None:
        with self._lock:
            self.states[uid] = set(states)


@dataclass(frozen=True)
class Shop:
    """What a partner knows."""

    port: int
    key_id: str
    secret: str
    identifier: str
    kind_uid: str


@dataclass
class Client:
    """One partner; books for a new patient each time."""

    shop: Shop
    ledger: Ledger
    customer: str = ""

    def live(self) -> None:
        """One visit: hold, confirm, and then perhaps move or cancel it."""
        self.customer = secrets.token_hex(8)
        status, held = self.act("/appointments", self._somewhere())
        if status != 201:
            return
        uid = str(held["uid"])
        self.ledger.now_is(uid, "held")
        if not self._changes(uid, "confirm", "held", "confirmed"):
            return
        choice = random.random()
        if choice < 0.3:
            self._changes(uid, "cancel", "confirmed", "cancelled")
        elif choice < 0.6:
            self._moves(uid)

    def book_one(self) -> str:
        """Book, wherever it is free, until it is done; the visit's uid."""
        while True:
            self.customer = secrets.token_hex(8)
            status, held = self.act("/appointments", self._somewhere())
            uid = str(held.get("uid"))
            if status == 201 and self._changes(uid, "confirm", "held", "confirmed"):
                return uid

    def _somewhere(self) -> Json:
        starts_at = on_the_grid(timedelta(days=3)) + random.randrange(SLOTS) * timedelta(minutes=30)
        return {"appointment_type_uid": self.shop.kind_uid, "starts_at": to_epoch(starts_at)}

    def _changes(self, uid: str, verb: str, before: str, after: str) -> bool:
        self.ledger.now_is(uid, before, after)
        status, _ = self.act(f"/appointments/{uid}/{verb}", {})
        if status == 200:
            self.ledger.now_is(uid, after)
        elif status:
            self.ledger.now_is(uid, before)
        return status == 200

    def _moves(self, uid: str) -> None:
        self.ledger.now_is(uid, "confirmed", "cancelled")
        where = self._somewhere()
        status, new = self.act(f"/appointments/{uid}/rebook", {"starts_at": where["starts_at"]})
        if status == 201:
            self.ledger.now_is(uid, "cancelled")
            self.ledger.now_is(str(new["uid"]), "confirmed")
        elif status:
            self.ledger.now_is(uid, "confirmed")

    def act(self, path: str, body: Json) -> tuple[int, Json]:
        """Ask until there is an answer, under one idempotency key, as a partner is told to; 0: there was none."""
        key = secrets.token_hex(8)
        for _ in range(TRIES):
            status, answer = self._ask(path, body, key)
            is_busy = answer.get("code") == "idempotency_in_progress"
            if status not in (0, 503) and not is_busy:
                return status, answer
            time.sleep(0.5)
        return 0, {}

    def _ask(self, path: str, body: Json, key: str) -> tuple[int, Json]:
        token = mint(
            self.shop.key_id,
            self.shop.secret,
            shop_identifier=self.shop.identifier,
            shop_customer_id=self.customer,
        )
        headers = {
            TOKEN_HEADER: token,
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        connection = HTTPConnection("127.0.0.1", self.shop.port, timeout=PATIENCE_SECONDS)
        began = time.monotonic()
        status, answer, oddity = 0, {}, ""
        try:
            connection.request("POST", BASE + path, json.dumps(body), headers)
            response = connection.getresponse()
            status, text = response.status, response.read()
            answer = json.loads(text)
            if status == 503 and not response.headers["Retry-After"]:
                oddity = f"503 without Retry-After from {path}"
            if status >= 500 and status != 503:
                oddity = f"{status} from {path}: {text[:80]!r}"
        except TimeoutError:
            oddity = f"no answer within {PATIENCE_SECONDS} s from {path}"
        except (HTTPException, OSError, ValueError):
            pass
        finally:
            connection.close()
        self.ledger.answered(status, time.monotonic() - began, oddity)
        return status, answer


@contextmanager
def load(shop: Shop, ledger: Ledger) -> Iterator[None]:
    """Inside, the partners book; on leaving, each finishes the visit it is at."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            Client(shop, ledger).live()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
