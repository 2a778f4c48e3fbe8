"""The computation equals the reference answers of the neutral workloads, wherever the process runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from availability.slots import without
from availability.windows import Pattern, WeeklyWindow

from .worlds import hours, starts

DATA = Path(__file__).parent.parent / "data"


def load(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())


def pattern_of(doctor: Any) -> Pattern:
    return Pattern(
        doctor["tz"],
        tuple(
            WeeklyWindow(window["weekday"], *hours(f"{window['start']}-{window['end']}"))
            for window in doctor["windows"]
        ),
    )


@pytest.mark.parametrize("name", ["small", "medium"])
@pytest.mark.usefixtures("process_zone")
def test_the_starts_of_every_doctor_equal_the_reference(name: str) -> None:
    workload = load(f"workload_{name}")
    length = workload["slot_minutes"]

    found = {}
    for doctor in workload["doctors"]:
        offered = starts(
            pattern_of(doctor), workload["range_start"], workload["range_end"], duration=length
        )
        found[str(doctor["id"])] = without(offered, doctor["busy"], before=0, after=length * 60)

    assert found == load(f"expected_{name}")
