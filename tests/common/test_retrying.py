"""Transactions that PostgreSQL gave up are run again; everything else is not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from common.retrying import ATTEMPTS, jitter, retrying
from organisations.models import Organisation
from tests.factories import make_organisation

STATES = {
    "serialization_failure": "40001",
    "deadlock_detected": "40P01",
    "lock_not_available": "55P03",
}


def failing(condition: str, *, times: int) -> Callable[[], str]:
    """Work that PostgreSQL itself fails with that condition, so many times, having written a row."""
    failures = iter(range(times))

    def work() -> str:
        make_organisation(name="Written")
        if next(failures, None) is not None:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE {condition}; END $$")
        return "done"

    return work


@pytest.mark.django_db(transaction=True)
class TestOutermost:
    @pytest.mark.parametrize("condition", STATES)
    def test_transient_failures_are_retried_outside_their_transaction(self, condition: str) -> None:
        pauses: list[float] = []

        done = retrying(failing(condition, times=3), pause=float, sleep=pauses.append)

        assert done == "done"
        assert Organisation.objects.count() == 1
        assert pauses == [0, 1, 2]

    def test_it_gives_up_after_five_attempts(self) -> None:
        pauses: list[float] = []

        with pytest.raises(OperationalError) as failed:
            retrying(failing("deadlock_detected", times=99), pause=float, sleep=pauses.append)

        assert getattr(failed.value.__cause__, "sqlstate", None) == "40P01"
        assert len(pauses) == ATTEMPTS - 1
        assert not Organisation.objects.exists()

    @pytest.mark.parametrize(
        "condition", ["exclusion_violation", "unique_violation", "query_canceled"]
    )
    def test_other_failures_are_not_retried(self, condition: str) -> None:
        def never(_: float) -> None:
            pytest.fail("it paused to try again")

        with pytest.raises(DatabaseError):
            retrying(failing(condition, times=1), sleep=never)
        assert not Organisation.objects.exists()

    def test_two_that_deadlock_both_come_through(self) -> None:
        """A real deadlock: each locks its own row, then the other's."""
        rows = [make_organisation(), make_organisation()]
        gate = Barrier(2)
        attempts: list[int] = []

        def lock(first: Organisation, second: Organisation) -> str:
            attempts.append(1)
            Organisation.objects.select_for_update().get(pk=first.pk)
            if len(attempts) <= 2:
                gate.wait(timeout=10)
            Organisation.objects.select_for_update().get(pk=second.pk)
            return "done"

        def run(order: tuple[Organisation, Organisation]) -> str:
            try:
                return retrying(lambda: lock(*order))
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            orders = [(rows[0], rows[1]), (rows[1], rows[0])]
            assert list(pool.map(run, orders)) == ["done", "done"]
        assert len(attempts) == 3


@pytest.mark.django_db
class TestInsideATransaction:
    def test_a_transient_failure_is_left_to_the_outermost_caller(self) -> None:
        work = failing("serialization_failure", times=1)

        with pytest.raises(OperationalError), transaction.atomic():
            retrying(work)

    def test_a_refusal_leaves_nothing_of_the_work_behind(self) -> None:
        def work() -> None:
            make_organisation()
            raise LookupError("refused")

        with pytest.raises(LookupError):
            retrying(work)
        assert not Organisation.objects.exists()

    def test_a_violated_constraint_leaves_the_callers_transaction_usable(self) -> None:
        with pytest.raises(IntegrityError):
            retrying(failing("exclusion_violation", times=1))
        assert not Organisation.objects.exists()


def test_pauses_are_random_and_their_bound_doubles() -> None:
    for attempt in range(5):
        pauses = [jitter(attempt) for _ in range(50)]
        assert 0 <= min(pauses) < max(pauses) <= 0.01 * 2**attempt
