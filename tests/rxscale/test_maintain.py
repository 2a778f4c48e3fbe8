"""`manage.py maintain`: one pass by hand, and what it did."""

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from organisations.models import MaintenanceRun
from rxscale import maintenance

pytestmark = pytest.mark.django_db


def _maintain() -> str:
    out = StringIO()
    call_command("maintain", stdout=out)
    return out.getvalue()


def _with_steps(monkeypatch: pytest.MonkeyPatch, *steps: maintenance.Step) -> None:
    monkeypatch.setattr(maintenance.run, "__defaults__", (steps,))


def test_it_is_a_run_like_any_other() -> None:
    _maintain()

    assert MaintenanceRun.objects.get().finished_at is not None


def test_it_prints_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_steps(monkeypatch, maintenance.Step("fire_due", lambda now: 7))

    assert _maintain() == "fire_due: 7\n"


def test_it_says_that_nothing_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_steps(monkeypatch, maintenance.Step("fire_due", lambda now: 0))

    assert _maintain() == "Nothing was due.\n"


def test_a_step_that_failed_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: datetime) -> int:
        raise ValueError("paula@patients.example")

    _with_steps(monkeypatch, maintenance.Step("fire_due", fail))

    with pytest.raises(CommandError, match=r"^Failed: fire_due \(ValueError\)$"):
        _maintain()
