"""A partner's client to learn from: mint a token, find a slot, hold it, confirm it; move and cancel it.

PyJWT and Python's standard library only. With a demo running it needs no options:

    python examples/partner_client.py                     # books, and leaves the visit booked
    python examples/partner_client.py --rebook --cancel   # then moves it, and calls it off
    python examples/partner_client.py --soon              # books the visit that is reminded soonest
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt

MINUTE = 60
DAY = 86_400
# The demo's type reminds its patient an hour and a quarter of an hour before the start.
REMINDED_BEFORE = (60 * MINUTE, 15 * MINUTE)


def mint(facts: dict[str, Any], shop_customer_id: str) -> str:
    """A booking token, for one patient and five minutes. Your backend does this; the secret stays there."""
    now = int(time.time())
    payload = {
        "aud": "rxscale-scheduling",
        "iat": now,
        "nbf": now - 10,
        "exp": now + 300,
        "shop_identifier": facts["shop_identifier"],
        "shop_customer_id": shop_customer_id,
        "patient_profile_fields": [
            {"field": "first_name", "value": "Robin", "source": "shop"},
            {"field": "last_name", "value": "Example", "source": "shop"},
            {"field": "email", "value": f"{shop_customer_id}@patients.example", "source": "shop"},
        ],
    }
    secret = facts["booking_secret"]
    return jwt.encode(
        payload, secret["secret"], algorithm="HS256", headers={"kid": secret["key_id"]}
    )


class SchedulingAPI:
    """The calls of one patient. Every POST carries an Idempotency-Key, so that it may be repeated."""

    def __init__(self, facts: dict[str, Any], token: str) -> None:
        self.base = f"{facts['base_url']}/v1/scheduling"
        self.token = token

    def get(self, path: str, **query: object) -> dict[str, Any]:
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, **body: object) -> dict[str, Any]:
        return self._call("POST", path, json.dumps(body).encode(), key=str(uuid.uuid4()))

    def _call(
        self, method: str, path: str, body: bytes | None = None, key: str = ""
    ) -> dict[str, Any]:
        headers = {"X-RxScale-Booking-Token": self.token, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310  # the demo's own address
            self.base + path, data=body, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  # as above
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                sys.exit(f"{method} {path} → {error.code} {error.read().decode()}")
        except urllib.error.URLError as error:
            sys.exit(f"Nobody answers at {self.base}: {error.reason}")
        return answer


def at(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%a %d %b %Y %H:%M UTC")


def find_slot(api: SchedulingAPI, facts: dict[str, Any], *, is_soon: bool) -> dict[str, Any]:
    """The first free slot from tomorrow on, far enough ahead to be moved and cancelled; or a soon one."""
    now = int(time.time())
    start = now + (MINUTE if is_soon else DAY)
    query = {
        "shop_uid": facts["shop_uid"],
        "appointment_type_uid": facts["appointment_type_uid"],
        "from": start,
        "to": start + 7 * DAY,
    }
    slots = api.get("/slots", **query)
    if not slots["data"]:
        sys.exit(f"No free slot in a week; the next one is at {slots['next_available_at']}.")
    print(f"slots      {len(slots['data'])} free in a week, the first {at(_first(slots))}")
    slot: dict[str, Any] = slots["data"][0]
    if is_soon:
        slot = min(slots["data"], key=lambda each: next_reminder(each["starts_at"], now))
        print(
            f"reminder   due {at(next_reminder(slot['starts_at'], now))}, {at(slot['starts_at'])} taken"
        )
    return slot


def next_reminder(starts_at: int, now: int) -> int:
    """When the first reminder is due that is not too late to be sent; far away when there is none."""
    ahead = [starts_at - before for before in REMINDED_BEFORE if starts_at - before > now]
    return min(ahead, default=starts_at + DAY)


def _first(slots: dict[str, Any]) -> int:
    return int(slots["data"][0]["starts_at"])


def book(api: SchedulingAPI, facts: dict[str, Any], *, is_soon: bool) -> dict[str, Any]:
    slot = find_slot(api, facts, is_soon=is_soon)
    held = api.post(
        "/appointments",
        appointment_type_uid=facts["appointment_type_uid"],
        starts_at=slot["starts_at"],
        doctor_uid=slot["doctor_uid"],
        client_reference="order-1001",
    )
    print(f"hold       {held['uid']} until {at(held['hold_expires_at'])}")
    booked = api.post(f"/appointments/{held['uid']}/confirm")
    print(f"confirm    {at(booked['starts_at'])} with {booked['doctor_display_name']}")
    print(f"           join at {booked['join_url']}")
    return booked


def rebook(api: SchedulingAPI, booked: dict[str, Any]) -> dict[str, Any]:
    path = f"/appointments/{booked['uid']}"
    start = booked["starts_at"]
    slots = api.get(f"{path}/rebook-slots", **{"from": start, "to": start + 7 * DAY})
    moved = api.post(f"{path}/rebook", starts_at=_first(slots))
    print(f"rebook     {moved['uid']}, {at(moved['starts_at'])}, follows {booked['uid']}")
    return moved


def cancel(api: SchedulingAPI, booked: dict[str, Any]) -> None:
    cancelled = api.post(f"/appointments/{booked['uid']}/cancel", reason="Feeling better")
    print(f"cancel     {cancelled['uid']} is {cancelled['status']}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Books a visit as a partner's backend would.")
    data = Path(os.environ.get("RXSCALE_DATA_DIR", ".rxscale"))
    parser.add_argument("--facts", type=Path, default=data / "demo.json")
    parser.add_argument("--customer", default=f"customer-{uuid.uuid4().hex[:8]}")
    parser.add_argument("--rebook", action="store_true", help="move the visit afterwards")
    parser.add_argument("--cancel", action="store_true", help="call it off in the end")
    parser.add_argument(
        "--soon", action="store_true", help="take the slot that is reminded soonest"
    )
    options = parser.parse_args()

    facts = json.loads(options.facts.read_text())
    api = SchedulingAPI(facts, mint(facts, options.customer))
    print(f"token      for {options.customer}, signed with {facts['booking_secret']['key_id']}")
    booked = book(api, facts, is_soon=options.soon)
    if options.rebook:
        booked = rebook(api, booked)
    if options.cancel:
        cancel(api, booked)
    visits = api.get("/appointments", status="all")
    print(f"list       {[visit['status'] for visit in visits['data']]}")


if __name__ == "__main__":
    main()
