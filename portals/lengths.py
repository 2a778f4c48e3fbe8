"""Lengths of time and counts in words: `45 minutes`, `2 days`, `1 visit`."""


def length(minutes: int) -> str:
    """`45 minutes`, `1 hour`, `24 hours`, `2 days`: always exact, in elapsed time."""
    if minutes >= 2880 and minutes % 1440 == 0:
        return f"{minutes // 1440} days"
    if minutes % 60 == 0:
        return counted(minutes // 60, "hour")
    return counted(minutes, "minute")


def hours_and_minutes(minutes: int) -> str:
    """`38 h 30 min`; "" for none."""
    hours, rest = divmod(minutes, 60)
    return " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (rest, "min")) if count)


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
