"""Where an error happened, for logs that must not repeat what it says: its text may quote a patient."""

import traceback


def where(error: BaseException) -> str:
    """The last calls before it, innermost last, as `file:line function`; no values, no messages."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
