"""Reminder opt-outs are written down and audited; a wiped patient stays nobody."""

from datetime import date

import pytest

from organisations import patient_profiles, patients
from organisations.models import AuditEntry, Patient, Shop
from organisations.patient_profiles import OptOuts
from tests.factories import ADMIN, NOW, make_organisation, make_patient, make_shop


@pytest.fixture
def patient(db: None) -> Patient:
    shop = make_shop(organisation=make_organisation())
    return make_patient(shop=shop, shop_customer_id="customer-1", phone="+4930901820")


def test_opt_outs_are_stored_and_audited_once(patient: Patient) -> None:
    wanted = OptOuts(email=False, sms=True)

    changed = patient_profiles.set_opt_outs(patient, wanted, actor=ADMIN, now=NOW)
    again = patient_profiles.set_opt_outs(patient, wanted, actor=ADMIN, now=NOW)

    assert (changed, again) == (["has_opted_out_of_sms_reminders"], [])
    row = Patient.objects.get()
    assert (row.has_opted_out_of_email_reminders, row.has_opted_out_of_sms_reminders) == (
        False,
        True,
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_uid) == ("patient.opt_outs_changed", patient.uid)


def test_a_later_token_of_a_wiped_patients_customer_makes_a_new_patient(patient: Patient) -> None:
    patient_profiles.wipe(patient, now=NOW)

    came_back = patients.upsert(
        patient.shop, "customer-1", [("first_name", "Paula")], now=NOW
    ).patient

    assert came_back.uid != patient.uid
    wiped = Patient.objects.get(pk=patient.pk)
    assert (wiped.first_name, wiped.email, wiped.shop_fields) == ("", "", {})


def test_a_token_that_was_being_read_while_the_patient_was_wiped_does_not_fill_it_again(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = patients.find
    finds: list[Patient | None] = []

    def find_then_wipe(shop: Shop, shop_customer_id: str) -> Patient | None:
        found = find(shop, shop_customer_id)
        if not finds:
            patient_profiles.wipe(patient, now=NOW)
        finds.append(found)
        return found

    monkeypatch.setattr(patients, "find", find_then_wipe)
    result = patients.upsert(patient.shop, "customer-1", [("first_name", "Paula")], now=NOW)

    assert finds == [patient, None]
    assert (result.patient.uid != patient.uid, result.is_new) == (True, True)
    assert Patient.objects.get(pk=patient.pk).first_name == ""


def test_nothing_of_the_profile_is_left(patient: Patient) -> None:
    Patient.objects.update(
        date_of_birth=date(1990, 5, 1),
        timezone="Europe/Berlin",
        language="de",
        extra_fields={"weight": 70},
        shop_fields={"email": "paula@patients.example"},
    )
    before = _row()

    patient_profiles.wipe(Patient.objects.get(), now=NOW)

    after = _row()
    kept = {name for name in before if before[name] == after[name]}
    flags = {"has_opted_out_of_email_reminders", "has_opted_out_of_sms_reminders"}
    assert kept == {"id", "uid", "organisation_id", "shop_id", "created_at"} | flags


def _row() -> dict[str, object]:
    return dict(Patient.objects.values().get())
