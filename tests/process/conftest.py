"""What every test with real processes owes: their logs, read afterwards, name no patient."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PATIENT_WORDS


@pytest.fixture(autouse=True)
def _no_patient_is_named_in_the_processes_logs(tmp_path: Path) -> Iterator[None]:
    yield
    mails = (
        tmp_path / "private" / "mails"
    )  # Django names these files .log, too; they are for patients
    logs = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and "log" in path.name and mails not in path.parents
    ]
    named = [
        f"{path.name}: {word}"
        for path in logs
        for word in PATIENT_WORDS
        if word in path.read_text(errors="replace").lower()
    ]
    assert named == []
