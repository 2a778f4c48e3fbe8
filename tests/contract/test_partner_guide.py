"""docs/partner-guide.md, executed from top to bottom against a server: it cannot say what is not so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from api.openapi import ConflictProblem, CredentialProblem
from common.clock import to_epoch, utc_now
from notifications import delivery
from organisations.models import Permission
from tests.api.everything import MANAGEMENT, operations
from tests.api.world import Clinic, make_clinic, mint, on_the_grid
from tests.doubles.http import Receiver

from .guide import Message, Program, Values, read

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "partner-guide.md"
TARGET = "https://partner.example/rxscale"


@dataclass
class Partner:
    """Somebody who does what the guide says, in its order."""

    server: str
    clinic: Clinic
    receiver: Receiver
    settings: Settings
    environment: pytest.MonkeyPatch
    client: httpx.Client
    values: Values = field(default_factory=Values)
    minter: str = ""
    events: int = 0

    def send(self, request: Message) -> httpx.Response:
        method, path = self.values.filled(request.line).split(" ")
        body = self.values.filled(request.body)
        if body and body.get("target") == TARGET:
            body["target"] = self.receiver.url  # a test has no public host
        headers = self.values.filled(request.headers)
        return self.client.request(method, self.server + path, headers=headers, json=body)

    def exchange(self, request: Message, shown: Message) -> None:
        """The call, and an answer that looks as shown."""
        if shown.status == 429:
            self.settings.RATE_LIMIT = "1/m"
            self.send(request)
        answer = self.send(request)
        self.settings.RATE_LIMIT = "off"
        assert f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}" == shown.line, answer.text
        body = answer.json() if answer.content else None
        if isinstance(body, dict) and body.get("target") == self.receiver.url:
            body["target"] = TARGET
        self.compare(shown, body, answer.headers)
        self.sign_with_what_is_new()

    def compare(self, shown: Message, body: Any, headers: httpx.Headers) -> None:
        assert list(self.values.differences(shown.body, body)) == [], shown.line
        given = {name: headers.get(name) for name in shown.headers}
        assert list(self.values.differences(shown.headers, given)) == [], shown.line

    def expect_event(self, shown: Message) -> None:
        delivery.deliver_due(utc_now())
        [request] = self.receiver.requests[self.events :]
        self.events += 1
        headers = httpx.Headers(request.headers)
        self.compare(shown, httpx.Response(200, content=request.body).json(), headers)

    def run(self, program: Program) -> None:
        if "def booking_token" in program.text:
            self.minter = program.text
            self.values.known["token"] = self.token(
                self.clinic.secret.key_id, self.clinic.secret_text, "customer-1"
            )
            return
        self.environment.setenv("RXSCALE_SIGNING_SECRET", self.values.known["signing_secret"])
        names = executed(program.text)
        [event] = self.receiver.requests
        body, headers = event.body, httpx.Headers(event.headers)
        answers = [names["receive"](headers, content) for content in (body, body, body + b" ")]
        assert (answers, len(names["seen"])) == ([200, 200, 401], 1)

    def sign_with_what_is_new(self) -> None:
        known = self.values.known
        if "new_secret" not in known or "new_token" in known:
            return
        key_id, secret = known["new_key_id"], known["new_secret"]
        known["new_token"] = self.token(key_id, secret, "customer-1")
        known["other_token"] = self.token(key_id, secret, "customer-2")
        long_ago = to_epoch(utc_now()) - 3600
        known["expired_token"] = mint(
            key_id,
            secret,
            shop_identifier=self.clinic.shop.identifier,
            shop_customer_id="customer-1",
            iat=long_ago,
            nbf=long_ago,
            exp=long_ago + 300,
        )

    def token(self, key_id: str, secret: str, customer: str) -> str:
        """By the guide's own minter."""
        self.environment.setenv("RXSCALE_KEY_ID", key_id)
        self.environment.setenv("RXSCALE_BOOKING_SECRET", secret)
        profile = {"first_name": "Robin", "phone": None}
        token: str = executed(self.minter)["booking_token"](
            self.clinic.shop.identifier, customer, profile
        )
        return token


def executed(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(program, str(GUIDE), "exec"), names)  # noqa: S102  # our own guide
    return names


@pytest.fixture
def partner(
    transactional_db: None,
    live_server: LiveServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Partner]:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True
    clinic = make_clinic()
    first = on_the_grid(timedelta(hours=24))
    with Receiver() as receiver, httpx.Client(timeout=30) as client:
        partner = Partner(live_server.url, clinic, receiver, settings, monkeypatch, client)
        partner.values.known = {
            "shop": clinic.shop.uid,
            "key": clinic.api_key(*Permission),
            "key_id": clinic.secret.key_id,
            "from": to_epoch(first),
            "to": to_epoch(first + timedelta(days=1)),
        }
        yield partner


def follow(partner: Partner, guide: Path) -> int:
    """Do everything the guide shows; how many calls it took."""
    steps = [*read(guide), Program("")]
    calls = 0
    for step, following in pairwise(steps):
        match step, following:
            case Program(), _:
                partner.run(step)
            case Message(is_answer=False), Message(is_answer=True):
                partner.exchange(step, following)
                calls += 1
            case Message(is_answer=False, line=line), _:
                assert line == "POST /rxscale", f"the guide shows no answer to {line}"
                partner.expect_event(step)
    return calls


def test_everything_the_guide_shows_is_so(partner: Partner) -> None:
    assert follow(partner, GUIDE) > 40


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ('"status": "held", "starts_at"', '"status": "confirmed", "starts_at"'),
        ("HTTP/1.1 201 Created", "HTTP/1.1 200 OK"),
        ('"join_url": null, …}', '"join_url": null}'),
        ('"aud": "rxscale-scheduling"', '"aud": "elsewhere"'),
    ],
)
def test_a_guide_that_says_otherwise_is_noticed(
    partner: Partner, tmp_path: Path, true: str, false: str
) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert true in text
    wrong = tmp_path / "guide.md"
    wrong.write_text(text.replace(true, false), encoding="utf-8")

    with pytest.raises(AssertionError):
        follow(partner, wrong)


def test_every_code_is_explained() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    fields = (CredentialProblem.model_fields["code"], ConflictProblem.model_fields["code"])
    codes = [code for each in fields for code in get_args(each.annotation)]

    assert len(codes) > 15
    assert [code for code in codes if f"`{code}`" not in text] == []


def test_the_paths_of_its_table_are_there() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    named = re.findall(r"`(GET|POST|DELETE) (/[^`]*)`", text)
    known = {(operation.method, operation.path) for operation in operations()}

    assert len(named) > 5
    for method, path in named:
        assert (method, f"{MANAGEMENT}{path}") in known
