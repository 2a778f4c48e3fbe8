"""Whoever edits a doctor's hours tells the doctor; the doctor's own edits tell nobody."""

from datetime import date, timedelta
from typing import Any

import pytest

from appointments import availability_edits as edits
from availability.errors import WindowOverlap
from availability.models import AvailabilityWindow
from availability.values import OverrideValues, TimeOffValues, WindowValues
from notifications.models import Delivery, DeliveryState
from organisations.actors import Actor, ActorKind
from organisations.models import Doctor
from tests.factories import ADMIN, NOW, make_doctor, make_organisation, make_user

pytestmark = pytest.mark.django_db
DAY = date(2027, 3, 2)
MORNING = WindowValues(0, 540, 720)


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation(), user=make_user())


def told() -> list[str]:
    return [str(each.context["change"]) for each in Delivery.objects.order_by("id")]


def test_each_edit_by_somebody_else_is_mailed_in_words(doctor: Doctor) -> None:
    by: dict[str, Any] = {"actor": ADMIN, "now": NOW}
    window = edits.add_window(doctor, MORNING, **by)
    window = edits.change_window(window, WindowValues(0, 600, 720), **by)
    edits.copy_day(doctor, from_weekday=0, to_weekdays=[2, 1, 0], **by)
    edits.remove_window(window, **by)
    override = edits.set_override(doctor, OverrideValues(DAY, ((540, 600),)), **by)
    override = edits.change_override(override, OverrideValues(DAY), **by)
    override = edits.change_override(override, OverrideValues(DAY + timedelta(1)), **by)
    edits.remove_override(override, **by)
    time_off = edits.add_time_off(doctor, TimeOffValues(DAY, DAY), **by)
    time_off = edits.change_time_off(time_off, TimeOffValues(DAY, DAY, 600), **by)
    edits.remove_time_off(time_off, **by)
    edits.stop_bookings(doctor, reason="Leave", until=NOW + timedelta(days=1), **by)
    edits.lift_stop(doctor, **by)

    whole_day = "Tue 2 Mar 2027 00:00 to Tue 2 Mar 2027 24:00"
    assert told() == [
        "Added: Monday 09:00–12:00",
        "Changed: Monday 09:00–12:00 → Monday 10:00–12:00",
        "Monday copied to Tuesday, Wednesday",
        "Removed: Monday 10:00–12:00",
        "Hours of one date: Tue 2 Mar 2027 09:00–10:00",
        "Hours of one date: Tue 2 Mar 2027 closed",
        "The weekly hours hold again on Tue 2 Mar 2027. Hours of one date: Wed 3 Mar 2027 closed",
        "The weekly hours hold again on Wed 3 Mar 2027",
        f"Time off added: {whole_day}",
        f"Time off changed: {whole_day} → Tue 2 Mar 2027 10:00 to Tue 2 Mar 2027 24:00",
        "Time off removed: Tue 2 Mar 2027 10:00 to Tue 2 Mar 2027 24:00",
        "New bookings are stopped until Tuesday, 2 March 2027, 09:00 (Europe/Berlin, CET): Leave",
        "New bookings are possible again",
    ]
    mail = Delivery.objects.first()
    assert mail is not None
    assert (mail.kind, mail.address, mail.recipient_uid, mail.context["by"]) == (
        "availability.changed",
        doctor.email,
        doctor.uid,
        ADMIN.label,
    )


def test_a_zone_set_by_somebody_else_is_mailed_and_the_same_one_is_not(doctor: Doctor) -> None:
    for _ in range(2):
        edits.change_timezone(doctor, timezone="America/New_York", actor=ADMIN, now=NOW)

    assert told() == ["Time zone changed: Europe/Berlin → America/New_York"]


def test_the_doctors_own_edits_tell_nobody(doctor: Doctor) -> None:
    assert doctor.user is not None
    for uid, city in ((doctor.uid, "Lima"), (doctor.user.uid, "Bogota")):
        own = Actor(kind=ActorKind.DOCTOR, uid=uid, label="Dr Hill")
        window = edits.add_window(doctor, MORNING, actor=own, now=NOW)
        edits.remove_window(window, actor=own, now=NOW)
        edits.change_timezone(doctor, timezone=f"America/{city}", actor=own, now=NOW)

    assert told() == []


def test_what_changes_nothing_tells_nobody(doctor: Doctor) -> None:
    window = edits.add_window(doctor, MORNING, actor=ADMIN, now=NOW)
    closed = OverrideValues(DAY)
    override = edits.set_override(doctor, closed, actor=ADMIN, now=NOW)
    time_off = edits.add_time_off(doctor, TimeOffValues(DAY, DAY), actor=ADMIN, now=NOW)
    before = told()

    edits.change_window(window, MORNING, actor=ADMIN, now=NOW)
    edits.set_override(doctor, closed, actor=ADMIN, now=NOW)
    edits.change_override(override, closed, actor=ADMIN, now=NOW)
    edits.change_time_off(time_off, TimeOffValues(DAY, DAY), actor=ADMIN, now=NOW)
    edits.lift_stop(doctor, actor=ADMIN, now=NOW)

    assert told() == before


def test_a_refused_edit_tells_nobody(doctor: Doctor) -> None:
    edits.add_window(doctor, MORNING, actor=ADMIN, now=NOW)

    with pytest.raises(WindowOverlap):
        edits.add_window(doctor, MORNING, actor=ADMIN, now=NOW)
    assert len(told()) == 1


def test_a_doctor_without_an_address_is_a_recorded_skip(doctor: Doctor) -> None:
    Doctor.objects.filter(pk=doctor.pk).update(email="", user=None)
    doctor.refresh_from_db()

    edits.add_window(doctor, MORNING, actor=ADMIN, now=NOW)

    assert list(Delivery.objects.values_list("state", "reason")) == [
        (DeliveryState.SKIPPED, "no e-mail address")
    ]


def test_an_edit_and_its_mail_are_one_transaction(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the outbox is away")

    monkeypatch.setattr(edits, "publish", fail)
    with pytest.raises(RuntimeError):
        edits.add_window(doctor, MORNING, actor=ADMIN, now=NOW)

    assert not AvailabilityWindow.objects.exists()
