"""Two admins who remove each other at once: one of them stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from organisations import team
from organisations.errors import Invalid
from organisations.models import Membership
from tests.factories import ADMIN, NOW, make_member, make_organisation

from .racing import meet_after

pytestmark = pytest.mark.django_db(transaction=True)


def _remove_each_other() -> list[str]:
    clinic = make_organisation()
    gate = Barrier(2)

    def remove(member: Membership) -> str:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            team.remove_member(member, actor=ADMIN, now=NOW)
        except Invalid as refused:
            return refused.message
        finally:
            connection.close()
        return "removed"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(remove, [make_member(organisation=clinic) for _ in range(2)]))


def test_one_of_them_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    meet_after(monkeypatch, "organisations.team._keep_an_admin", parties=2)

    outcomes = _remove_each_other()

    assert sorted(outcomes) == [
        "This is the only admin. Make somebody else an admin first.",
        "removed",
    ]
    assert Membership.objects.count() == 1


def test_control_without_the_lock_both_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Membership.objects.select_related("user", "organisation")
    monkeypatch.setattr(team, "_lock", lambda member: rows.filter(pk=member.pk).first())
    meet_after(monkeypatch, "organisations.team._keep_an_admin", parties=2)

    assert _remove_each_other() == ["removed", "removed"]
    assert Membership.objects.count() == 0
