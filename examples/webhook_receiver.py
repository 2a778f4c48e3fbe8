"""A webhook receiver to learn from: verifies both signatures, drops repeats, ignores what has expired.

Python's standard library only. With a demo running it needs no options:

    python examples/webhook_receiver.py               # listens where the demo's subscription points
    python examples/webhook_receiver.py --fail-first  # answers 500 once, to see the retry
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TOLERANCE_SECONDS = 300
LARGEST_BODY = 1_000_000


def is_documented_signature(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """X-Webhook-Signature: hex HMAC-SHA256 of the raw body; the key is the secret's whole text."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(expected, headers.get("X-Webhook-Signature", ""))


def is_standard_signature(
    secret: str, body: bytes, headers: Mapping[str, str], *, now: float
) -> bool:
    """webhook-signature (standardwebhooks.com): id, timestamp and body; the key is the base64 after whsec_."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False  # an old request, recorded and played again
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(digest).decode()
    # Two signatures while the secret is renewed: one of them must be ours.
    return any(_same(expected, given) for given in headers.get("webhook-signature", "").split())


def judge(event: dict[str, object], *, now: float) -> str:
    """What to do with a genuine event, in words."""
    data = event["data"]
    if not isinstance(data, dict):
        return "ignored: no data"
    expires_at = data.get("expires_at")
    if isinstance(expires_at, int) and now >= expires_at:
        return "ignored: expired, the visit has begun"
    if event["event_type"] == "appointment_reminder_due":
        return f"would remind the {data['recipient']['group']} of {data['appointment']['uid']}"
    return f"appointment {data['uid']} is now {data['status']}"


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


class Handler(BaseHTTPRequestHandler):
    """Answer quickly, do the work afterwards: everything but a 2xx within 5 seconds is sent again."""

    server: "Receiver"

    def do_POST(self) -> None:  # the name is http.server's
        length = int(self.headers.get("Content-Length", "0"))
        if length > LARGEST_BODY:
            self._answer(413, "too large")
            return
        body = self.rfile.read(length)
        status, text = self.server.receive(body, dict(self.headers))
        # The fingerprint of the bytes: a delivery that comes again has the same id and the same one.
        fingerprint = hashlib.sha256(body).hexdigest()[:12]
        print(f"{status} {self.headers.get('webhook-id', '-')} {fingerprint} {text}", flush=True)
        self._answer(status, text)

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """One line per event is enough."""


class Receiver(ThreadingHTTPServer):
    """Keeps the ids it has handled. A real receiver keeps them in its database, with the work itself."""

    def __init__(self, port: int, secret: str, *, fail_first: bool) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.secret = secret
        self.will_fail = fail_first
        self.seen: set[str] = set()

    def receive(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Status and text of the answer to one request."""
        now = time.time()
        is_genuine = is_documented_signature(self.secret, body, headers) and is_standard_signature(
            self.secret, body, headers, now=now
        )
        if not is_genuine:
            return 401, "a signature does not match"
        if self.will_fail:
            self.will_fail = False
            return 500, "failed on purpose; the same bytes will come again"
        message_id = headers["webhook-id"]
        if message_id in self.seen:
            return 200, "dropped: seen before"
        verdict = judge(json.loads(body), now=now)
        self.seen.add(message_id)
        return 200, verdict


def demo_defaults() -> tuple[int, str]:
    """Port and signing secret of the demo's subscription."""
    folder = os.environ.get("RXSCALE_DATA_DIR", ".rxscale")
    try:
        webhook = json.loads((Path(folder) / "demo.json").read_text())["webhook"]
    except OSError:
        return 8899, ""
    return urlsplit(webhook["target"]).port or 8899, webhook["signing_secret"]


def main() -> None:
    port, secret = demo_defaults()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument(
        "--secret", default=secret, help="the subscription's signing secret, whsec_…"
    )
    parser.add_argument("--fail-first", action="store_true", help="answer 500 to the first event")
    options = parser.parse_args()
    if not options.secret:
        sys.exit("No signing secret: start the demo first, or give --secret.")
    receiver = Receiver(options.port, options.secret, fail_first=options.fail_first)
    print(f"listening on http://127.0.0.1:{receiver.server_port}/", flush=True)
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
