"""Why a booking token is refused, in the contract's words."""

import re
from typing import Literal

_SUBJECT = re.compile(r"(\w+): ")

RefusalCode = Literal["invalid_header", "token_expired", "invalid_claims"]


class TokenRefused(Exception):
    """`code` as in the contract's table of errors; `description` names what was expected, never a value."""

    def __init__(self, code: RefusalCode, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description

    @property
    def subject(self) -> str:
        """The claim or header parameter the description begins with, "" where it names none."""
        match = _SUBJECT.match(self.description)
        return match[1] if match else ""

    @property
    def reason(self) -> str:
        """E.g. `invalid_claims/aud`: one of few texts, all of them ours."""
        return f"{self.code}/{self.subject}"
