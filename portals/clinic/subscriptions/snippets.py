"""What a receiver pastes to check our signature: the documented header, nothing but standard libraries."""

from dataclasses import dataclass

PYTHON = '''\
import hashlib
import hmac
import os

SIGNING_SECRET = os.environ["RXSCALE_SIGNING_SECRET"]  # whsec_...


def is_from_rxscale(body: bytes, signature: str) -> bool:
    """body: the raw bytes; signature: the header X-Webhook-Signature."""
    expected = hmac.new(SIGNING_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())
'''
NODE = """\
const { createHmac, timingSafeEqual } = require("node:crypto");

const SIGNING_SECRET = process.env.RXSCALE_SIGNING_SECRET; // whsec_...

// body: the raw Buffer, before any parsing; signature: the header X-Webhook-Signature
function isFromRxScale(body, signature) {
  const expected = createHmac("sha256", SIGNING_SECRET).update(body).digest("hex");
  const [ours, theirs] = [Buffer.from(expected), Buffer.from(signature)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}
"""


@dataclass(frozen=True, slots=True)
class Snippet:
    language: str
    text: str


SNIPPETS = (Snippet("Python", PYTHON), Snippet("Node.js", NODE))
