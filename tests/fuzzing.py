"""How hard the random tests try: a little in the suite, a thousand times each under `make fuzz`."""

import os

from hypothesis import settings

THOROUGH = "thorough"
MUTATED_TOKENS = int(os.environ.get("FUZZ_TOKENS", "1000"))

settings.register_profile(THOROUGH, max_examples=1_000)


def is_thorough() -> bool:
    return settings.get_current_profile_name() == THOROUGH


def examples(usual: int) -> int:
    """`usual` in the suite, the profile's number under `--hypothesis-profile=thorough`."""
    return settings().max_examples if is_thorough() else usual


def seconds(usual: int) -> int:
    """A timeout that fits the number of examples."""
    return 7_200 if is_thorough() else usual
