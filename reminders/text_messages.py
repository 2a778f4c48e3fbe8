"""Plain text messages within two segments of the GSM 03.38 alphabet.

One character outside it would switch the whole message to UCS-2: 67 instead of 153 per segment.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SEPTETS_IN_TWO_SEGMENTS = 2 * 153

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")  # an escape before each: two septets
_REPLACEMENTS = str.maketrans(
    {"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "…": "...", "\xa0": " "}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "·": "-"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """`rank` 0 is never left out; of the others the highest goes first when space runs out."""

    text: str
    rank: int = 0


def fitted(lines: Sequence[Line]) -> str:
    """The lines in their order, without the least important ones where two segments do not hold all."""
    kept = [Line(gsm_safe(line.text), line.rank) for line in lines]
    kept = [line for line in kept if line.text]
    while septets(_joined(kept)) > SEPTETS_IN_TWO_SEGMENTS and any(line.rank for line in kept):
        kept.remove(max(kept, key=lambda line: line.rank))
    return _joined(kept)


def gsm_safe(text: str) -> str:
    """The text in GSM 03.38: accents it lacks are dropped, characters it lacks altogether left out."""
    letters = (_known(character) for character in text.translate(_REPLACEMENTS))
    return "".join(letters).strip()


def septets(text: str) -> int:
    return len(text) + sum(character in _EXTENDED for character in text)


def _known(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    plain = unicodedata.normalize("NFKD", character)
    return "".join(part for part in plain if part in _BASIC)


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)
