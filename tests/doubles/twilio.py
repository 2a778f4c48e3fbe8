"""Twilio's Messages resource, as far as it is used, in front of `tests.doubles.http.Receiver`."""

import json
from urllib.parse import parse_qs

from .http import Behaviour, Request, answer

SID = "SM" + "a" * 32


def accepted(sid: str = SID) -> Behaviour:
    return answer(201, json.dumps({"sid": sid, "status": "queued"}).encode())


def refused(status: int, code: int) -> Behaviour:
    body = {
        "code": code,
        "message": "refused",
        "status": status,
        "more_info": "https://example.com",
    }
    return answer(status, json.dumps(body).encode())


def form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
