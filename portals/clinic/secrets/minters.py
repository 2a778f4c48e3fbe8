"""Ready code for a partner's backend that signs booking tokens: the contract's documented minter, twice.

The secret itself is read from the environment there, so that a snippet may go into a repository.
"""

import json
from dataclasses import dataclass

AUDIENCE = "rxscale-scheduling"
VARIABLE = "RXSCALE_BOOKING_SECRET"

_PYTHON = """# pip install PyJWT
import os
import time

import jwt

KEY_ID = {key_id}
SECRET = os.environ["{variable}"]


def booking_token(shop_customer_id, profile):
    now = int(time.time())
    payload = {{
        "aud": "{audience}",
        "iat": now,
        "nbf": now - 10,
        "exp": now + 300,
        "shop_identifier": {shop},
        "shop_customer_id": shop_customer_id,
        "patient_profile_fields": [
            {{"field": field, "value": value, "source": "shop"}}
            for field, value in profile.items()
        ],
    }}
    return jwt.encode(
        payload, SECRET, algorithm="HS256", headers={{"kid": KEY_ID}}
    )
"""

_NODE = """// npm install jsonwebtoken
const jwt = require("jsonwebtoken");

const KEY_ID = {key_id};
const SECRET = process.env.{variable};

function bookingToken(shopCustomerId, profile) {{
  const now = Math.floor(Date.now() / 1000);
  const payload = {{
    aud: "{audience}",
    iat: now,
    nbf: now - 10,
    exp: now + 300,
    shop_identifier: {shop},
    shop_customer_id: shopCustomerId,
    patient_profile_fields: Object.entries(profile).map(
      ([field, value]) => ({{ field, value, source: "shop" }}),
    ),
  }};
  const options = {{ algorithm: "HS256", keyid: KEY_ID }};
  return jwt.sign(payload, SECRET, options);
}}
"""


@dataclass(frozen=True, slots=True)
class Minter:
    language: str
    library: str
    text: str


def minters(key_id: str, shop_identifier: str) -> list[Minter]:
    values = {
        "key_id": json.dumps(key_id),
        "shop": json.dumps(shop_identifier),
        "variable": VARIABLE,
        "audience": AUDIENCE,
    }
    return [
        Minter("Python", "PyJWT", _PYTHON.format_map(values)),
        Minter("Node", "jsonwebtoken", _NODE.format_map(values)),
    ]
