"""The RxScale team's pages: every act audited, bad input a form error, no patient data to browse."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment, AppointmentType, MeetingRoom
from notifications.models import Delivery
from organisations.models import AuditEntry, Doctor, Membership, Organisation, Patient, Shop, User
from tests.factories import (
    make_doctor,
    make_member,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
)

from .team import Staff, audited, errors_of

pytestmark = pytest.mark.django_db

ORGANISATION = {"name": "Northside", "timezone": "Europe/Berlin", "is_active": "on"}
SHOP = {"name": "Shop", "identifier": "a.example", "country": "de", "is_active": "on"}
DOCTOR = {"display_name": "Dr Lee", "timezone": "Europe/Berlin", "is_active": "on"}
TYPE = {
    "name": "Consultation",
    "duration_minutes": "30",
    "slot_interval_minutes": "",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "0",
    "hold_ttl_seconds": "900",
    "min_booking_notice_minutes": "0",
    "booking_horizon_days": "60",
    "cancellation_notice_minutes": "60",
    "rebooking_notice_minutes": "60",
    "rebooking_mode": "any_doctor",
    "is_active": "on",
}


def test_a_clinic_is_set_up_and_every_act_is_in_its_audit_log(staff: Staff) -> None:
    assert staff.add("organisations_organisation", **ORGANISATION).status_code == 302
    organisation = Organisation.objects.get()
    own = {"organisation": organisation.pk}
    user = make_user(name="Dana")
    assert staff.add("organisations_shop", **SHOP, **own).status_code == 302
    assert staff.add("organisations_doctor", **DOCTOR, **own, user=user.pk).status_code == 302
    assert staff.add("appointments_appointmenttype", **TYPE, **own).status_code == 302
    assert (
        staff.add("organisations_membership", **own, user=user.pk, role="admin").status_code == 302
    )
    doctor, kind = Doctor.objects.get(), AppointmentType.objects.get()
    response = staff.change(
        "appointments_appointmenttype",
        kind.pk,
        **TYPE | {"name": "Check", "slot_interval_minutes": "30"},
        doctors=[doctor.pk],
    )
    assert response.status_code == 302

    assert audited(organisation) == [
        ("organisation.created", "Sam Staff", {}),
        ("shop.created", "Sam Staff", {}),
        ("doctor.created", "Sam Staff", {}),
        ("appointment_type.created", "Sam Staff", {}),
        ("membership.created", "Sam Staff", {}),
        ("appointment_type.changed", "Sam Staff", {"fields": ["doctors", "name"]}),
    ]
    entry = AuditEntry.objects.latest("id")
    assert (entry.actor_kind, entry.actor_uid) == ("staff", staff.user.uid)
    assert (entry.object_uid, entry.ip_address) == (kind.uid, "127.0.0.1")
    assert Shop.objects.get().country == "DE"
    assert list(kind.doctors.all()) == [doctor]
    assert AppointmentType.objects.get().slot_interval_minutes == 30
    assert MeetingRoom.objects.get().doctor == doctor


def test_saving_without_a_change_is_no_act(staff: Staff) -> None:
    organisation = make_organisation(name="Northside")

    response = staff.change("organisations_organisation", organisation.pk, **ORGANISATION)

    assert response.status_code == 302
    assert audited(organisation) == []


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+49 (0)151 2345-6789", "+4915123456789"),
        ("+1 212 555 0123", "+12125550123"),
        ("  ", ""),
    ],
)
def test_numbers_are_typed_as_people_write_them(staff: Staff, typed: str, stored: str) -> None:
    doctor = make_doctor(organisation=make_organisation())

    staff.change("organisations_doctor", doctor.pk, **DOCTOR, mobile_phone=typed)

    assert Doctor.objects.get().mobile_phone == stored


def test_a_doctors_bad_input_is_a_form_error(staff: Staff) -> None:
    organisation = make_organisation()
    user = make_user()
    make_doctor(organisation=organisation, user=user)
    fields = DOCTOR | {"organisation": organisation.pk}

    def refused(**bad: Any) -> dict[str, list[str]]:
        return errors_of(staff.add("organisations_doctor", **fields | bad))

    assert set(refused(timezone="Mars/Olympus")) == {"timezone"}
    assert set(refused(mobile_phone="0151 2345678")) == {"mobile_phone"}
    assert set(refused(prescription_phone="+49 12")) == {"prescription_phone"}
    assert set(refused(mobile_phone="a\0b")) == {"mobile_phone"}
    assert set(refused(display_name="x" * 201)) == {"display_name"}
    assert set(refused(user=user.pk)) == {"__all__"}
    assert set(refused(user="99999999999999999999")) == {"user"}
    assert set(refused(organisation="")) == {"organisation"}
    assert Doctor.objects.count() == 1


def test_two_doctors_cannot_come_to_share_a_user(staff: Staff) -> None:
    organisation = make_organisation()
    user = make_user()
    make_doctor(organisation=organisation, user=user)
    other = make_doctor(organisation=organisation)

    response = staff.change("organisations_doctor", other.pk, **DOCTOR, user=user.pk)

    assert set(errors_of(response)) == {"__all__"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "XX"),
        ("country", "Germany"),
        ("contact_email", "nobody"),
        ("return_url", "javascript:alert(1)"),
        ("identifier", ""),
        ("name", "a\0b"),
    ],
)
def test_a_shops_bad_input_is_a_form_error(staff: Staff, field: str, value: str) -> None:
    fields = SHOP | {"organisation": make_organisation().pk, field: value}

    assert set(errors_of(staff.add("organisations_shop", **fields))) == {field}


def test_a_shop_identifier_is_taken_once_also_by_a_change(staff: Staff) -> None:
    organisation = make_organisation()
    make_shop(organisation=organisation, identifier="a.example")
    other = make_shop(organisation=organisation, identifier="b.example")

    added = staff.add("organisations_shop", **SHOP, organisation=organisation.pk)

    assert set(errors_of(added)) == {"__all__"}
    assert set(errors_of(staff.change("organisations_shop", other.pk, **SHOP))) == {"__all__"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration_minutes", "4"),
        ("duration_minutes", "481"),
        ("duration_minutes", "99999999999999999999"),
        ("duration_minutes", "abc"),
        ("slot_interval_minutes", "1"),
        ("hold_ttl_seconds", "59"),
        ("booking_horizon_days", "731"),
        ("cancellation_notice_minutes", "-1"),
        ("buffer_after_minutes", "241"),
        ("rebooking_mode", "whoever"),
        ("name", ""),
    ],
)
def test_a_types_bad_input_is_a_form_error(staff: Staff, field: str, value: str) -> None:
    fields = TYPE | {"organisation": make_organisation().pk, field: value}

    assert field in errors_of(staff.add("appointments_appointmenttype", **fields))
    assert AppointmentType.objects.count() == 0


def test_a_type_is_not_offered_by_a_doctor_of_another_organisation(staff: Staff) -> None:
    kind = make_type(organisation=make_organisation())
    stranger = make_doctor(organisation=make_organisation(name="Other"))

    response = staff.change("appointments_appointmenttype", kind.pk, **TYPE, doctors=[stranger.pk])

    assert set(errors_of(response)) == {"doctors"}


def test_a_row_stays_in_its_organisation(staff: Staff) -> None:
    ours, theirs = make_organisation(), make_organisation(name="Other")
    doctor = make_doctor(organisation=ours)

    staff.change("organisations_doctor", doctor.pk, **DOCTOR, organisation=theirs.pk)

    assert Doctor.objects.get().organisation == ours


def test_renewing_rooms_gives_new_names_and_is_audited(staff: Staff) -> None:
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation)
    room = MeetingRoom.objects.get()

    staff.act("organisations_doctor", "renew_meeting_rooms", doctor.pk)
    renewed = MeetingRoom.objects.get()
    staff.act("appointments_meetingroom", "renew", room.pk)

    assert len({room.name, renewed.name, MeetingRoom.objects.get().name}) == 3
    assert [action for action, _, _ in audited(organisation)] == ["meeting_room.renewed"] * 2
    page = staff.client.get(reverse("admin:appointments_meetingroom_change", args=[room.pk]))
    assert MeetingRoom.objects.get().name not in page.content.decode()


def test_memberships_can_be_taken_away_one_or_many(staff: Staff) -> None:
    organisation = make_organisation()
    one, *more = [make_member(organisation=organisation) for _ in range(3)]

    staff.post(reverse("admin:organisations_membership_delete", args=[one.pk]), post="yes")
    staff.post(
        reverse("admin:organisations_membership_changelist"),
        action="delete_selected",
        _selected_action=[member.pk for member in more],
        post="yes",
    )

    assert Membership.objects.count() == 0
    assert [action for action, _, _ in audited(organisation)] == ["membership.deleted"] * 3


def test_everything_else_is_deactivated_and_not_deleted(staff: Staff) -> None:
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation)
    rows = {
        "organisations_organisation": organisation.pk,
        "organisations_shop": make_shop(organisation=organisation).pk,
        "organisations_doctor": doctor.pk,
        "organisations_user": make_user().pk,
        "appointments_appointmenttype": make_type(organisation=organisation).pk,
        "appointments_meetingroom": MeetingRoom.objects.get().pk,
    }

    answers = {
        model: staff.post(reverse(f"admin:{model}_delete", args=[pk]), post="yes").status_code
        for model, pk in rows.items()
    }

    assert answers == dict.fromkeys(rows, 403)


def test_users_sign_in_with_one_spelling_of_their_address(staff: Staff) -> None:
    password = {"password1": "correct horse 9", "password2": "correct horse 9"}
    password["usable_password"] = "true"

    created = staff.add("organisations_user", email="Dana@Clinic.Example", name="D", **password)
    again = staff.add("organisations_user", email="DANA@clinic.example", name="D", **password)

    assert created.status_code == 302
    assert User.objects.filter(email="dana@clinic.example").count() == 1
    assert set(errors_of(again)) == {"email"}


def test_a_users_changes_are_audited_where_they_work(staff: Staff) -> None:
    ours, theirs, strangers = (make_organisation(name=name) for name in ("A", "B", "C"))
    user = make_user(email="dana@clinic.example")
    make_member(organisation=ours, user=user)
    make_doctor(organisation=theirs, user=user)

    changed = staff.change("organisations_user", user.pk, email=user.email, name="Dana")
    password = staff.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        password1="correct horse 9",
        password2="correct horse 9",
        usable_password="true",
    )

    assert (changed.status_code, password.status_code) == (302, 302)
    for organisation in (ours, theirs):
        assert audited(organisation) == [
            ("user.changed", "Sam Staff", {"fields": ["is_active", "name"]}),
            ("user.changed", "Sam Staff", {"fields": ["password"]}),
        ]
    assert audited(strangers) == []


def test_only_a_superuser_hands_out_rights_or_touches_a_superuser(staff: Staff) -> None:
    helper = make_user(email="helper@rxscale.example")
    helper.is_staff = True
    helper.save()
    for name in ("view_user", "change_user"):
        helper.user_permissions.add(_permission(name))
    client = Client()
    client.force_login(helper)
    own_page = reverse("admin:organisations_user_change", args=[helper.pk])
    chiefs_page = reverse("admin:organisations_user_change", args=[staff.user.pk])
    chiefs_password = reverse("admin:auth_user_password_change", args=[staff.user.pk])
    takeover = {"password1": "stolen horse 9", "password2": "stolen horse 9"}

    own = client.post(
        own_page, {"email": helper.email, "name": "H", "is_active": "on", "is_superuser": "on"}
    )

    assert own.status_code == 302
    helper.refresh_from_db()
    assert (helper.name, helper.is_superuser) == ("H", False)
    assert client.post(chiefs_page, {"email": "x@rxscale.example"}).status_code == 403
    assert client.post(chiefs_password, takeover).status_code == 403


def test_records_are_to_look_at_only(staff: Staff) -> None:
    organisation = make_organisation()
    staff.change("organisations_organisation", organisation.pk, **ORGANISATION | {"name": "New"})
    entry = AuditEntry.objects.get()

    page = staff.client.get(reverse("admin:organisations_auditentry_changelist"))

    assert "organisation.changed" in page.content.decode()
    assert (
        staff.client.get(reverse("admin:organisations_maintenancerun_changelist")).status_code
        == 200
    )
    for model in ("auditentry", "maintenancerun"):
        assert staff.add(f"organisations_{model}").status_code == 403
    assert staff.change("organisations_auditentry", entry.pk, action="x").status_code == 403


def test_there_is_no_patient_data_to_browse(staff: Staff) -> None:
    organisation = make_organisation()
    patient = make_patient(
        shop=make_shop(organisation=organisation), first_name="Canary", email="canary@x.example"
    )
    make_doctor(organisation=organisation)
    make_type(organisation=organisation)
    registered = set(admin.site._registry)

    assert not registered & {Patient, Appointment}
    for model in registered:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        page = staff.client.get(reverse(name))
        assert page.status_code == 200
        assert "canary" not in page.content.decode().lower()
        assert patient.uid not in page.content.decode()


def test_the_pages_are_for_the_team_only() -> None:
    client = Client()
    client.force_login(make_member(organisation=make_organisation()).user)

    for name in ("index", "organisations_organisation_changelist"):
        assert client.get(reverse(f"admin:{name}")).status_code == 302


def _permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def test_a_doctor_is_told_when_the_team_sets_another_zone(staff: Staff) -> None:
    doctor = make_doctor(organisation=make_organisation())

    for _ in range(2):
        staff.change(
            "organisations_doctor",
            doctor.pk,
            **DOCTOR | {"timezone": "Asia/Kathmandu"},
            email=doctor.email,
        )

    assert Doctor.objects.get().timezone == "Asia/Kathmandu"
    mail = Delivery.objects.get()
    assert mail.context == {
        "change": "Time zone changed: Europe/Berlin → Asia/Kathmandu",
        "by": "Sam Staff",
    }
