"""The one door to the status: only the table's moves, only from what was read, and nobody beside it."""

import ast
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appointments import lifecycle
from appointments.errors import Refused, refusal_of
from appointments.models import Appointment, AppointmentTransition
from appointments.status import MOVES, Status
from appointments.transitions import IllegalMove, announce, move
from notifications.models import Event
from organisations.actors import SYSTEM
from tests.factories import NOW, PATIENT, make_appointment

from .clinic import HOUR, MINUTE, START, Clinic

pytestmark = pytest.mark.django_db

LOWER = ("common", "organisations", "availability", "booking_secrets", "notifications")
UPPER = ("appointments", "reminders", "api", "portals", "rxscale")


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_the_door_has_exactly_the_moves_of_the_table(
    clinic: Clinic, old: Status, new: Status
) -> None:
    visit = make_appointment(
        patient=clinic.new_patient(),
        doctor=clinic.doctor,
        appointment_type=clinic.kind,
        starts_at=START,
        status=old,
    )

    def act() -> None:
        move(
            [visit],
            new,
            actor=SYSTEM,
            now=NOW,
            confirmed_at=NOW,
            cancelled_at=NOW,
            cancelled_by="system",
        )

    if new in MOVES[old]:
        act()
        visit.refresh_from_db()
        assert visit.status == new
        history = AppointmentTransition.objects.get()
        assert (history.from_status, history.to_status) == (old, new)
        return
    with pytest.raises(IllegalMove):
        act()
    assert not AppointmentTransition.objects.exists()


def test_a_row_that_changed_since_it_was_read_is_not_overwritten(clinic: Clinic) -> None:
    held = clinic.hold()
    read_before = Appointment.objects.get(pk=held.pk)
    lifecycle.cancel(held, actor=PATIENT, now=NOW)

    with pytest.raises(IllegalMove), transaction.atomic():
        move([read_before], Status.EXPIRED, actor=SYSTEM, now=NOW)

    held.refresh_from_db()
    assert held.status == Status.CANCELLED
    assert held.transitions.count() == 2


def test_many_rows_move_with_as_many_statements_as_one(clinic: Clinic) -> None:
    holds = [clinic.hold(START + n * HOUR) for n in range(7)]
    counts = []
    for some in (holds[:1], holds[1:]):
        visits = list(Appointment.objects.for_display().filter(pk__in=[each.pk for each in some]))
        with CaptureQueriesContext(connection) as captured:
            announce(move(visits, Status.EXPIRED, actor=SYSTEM, now=NOW + HOUR), now=NOW + HOUR)
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert Event.objects.filter(data__status="expired").count() == 7


def test_history_and_event_fail_with_the_move_and_the_move_with_them(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = clinic.hold()

    def broken(**_: object) -> None:
        raise OSError("the outbox is broken")

    monkeypatch.setattr("notifications.outbox.publish", broken)
    with pytest.raises(OSError, match="outbox"):
        lifecycle.confirm(held, actor=PATIENT, now=NOW)

    held.refresh_from_db()
    assert held.status == Status.HELD
    assert held.transitions.count() == 1


def test_nobody_else_assigns_a_status() -> None:
    """Outside the door no attribute `status` is set and no update names it; new rows begin in two places."""
    found = set()
    for package in LOWER + UPPER:
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py"):
            if "migrations" not in path.parts and _assigns_status(ast.parse(path.read_text())):
                found.add(str(path.relative_to(settings.BASE_DIR)))

    assert found == {"appointments/holds.py", "appointments/rebooking.py"}


def _assigns_status(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_is_status_of_another(each) for each in targets):
                return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_update = node.func.attr in ("update", "update_or_create")
            if is_update and any(keyword.arg == "status" for keyword in node.keywords):
                return True
    return False


def _is_status_of_another(target: ast.expr) -> bool:
    """`visit.status`, but not `self.status` of an exception that carries an HTTP status."""
    if not isinstance(target, ast.Attribute) or target.attr != "status":
        return False
    return not (isinstance(target.value, ast.Name) and target.value.id == "self")


class TestConstraintsAsAnswers:
    """What the database refuses by name becomes the code, should a verb ever not see it first."""

    @staticmethod
    def violation(clinic: Clinic, *, same_patient: bool) -> IntegrityError:
        """A quarter of an hour into a visit another one: of its patient, or of its doctor."""
        visit = clinic.book()
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            make_appointment(
                patient=visit.patient if same_patient else clinic.new_patient(),
                doctor=clinic.new_doctor() if same_patient else visit.doctor,
                appointment_type=clinic.kind,
                starts_at=START + 15 * MINUTE,
            )
        return raised.value

    @pytest.mark.parametrize(
        ("same_patient", "code"), [(False, "slot_taken"), (True, "patient_already_booked")]
    )
    def test_exclusions_are_refusals(self, clinic: Clinic, same_patient: bool, code: str) -> None:
        refusal = refusal_of(self.violation(clinic, same_patient=same_patient))

        assert isinstance(refusal, Refused)
        assert refusal.code == code

    def test_any_other_constraint_is_a_bug_and_stays_one(self, clinic: Clinic) -> None:
        visit = clinic.book()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Appointment.objects.filter(pk=visit.pk).update(confirmed_at=None)

        assert refusal_of(raised.value) is None
