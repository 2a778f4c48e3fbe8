"""Export: exactly the rows of the list, all pages, for admins only, and audited."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.models import Appointment
from appointments.status import Status
from organisations.models import AuditEntry
from portals.clinic.access import ACCESS_QUERIES
from portals.keyset import SIZE
from tests.appointments.clinic import HOUR
from tests.factories import ADMIN, NOW, make_appointment, make_patient

from .front_desk import FrontDesk, url

DAY = timedelta(days=1)


def export(client: Client, **query: Any) -> list[dict[str, str]]:
    response = client.get(url("appointments-export"), query)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(response.getvalue().decode().splitlines()))


def book(desk: FrontDesk, rows: int) -> None:
    for n in range(rows):
        make_appointment(
            patient=desk.clinic.new_patient(),
            doctor=desk.clinic.doctor,
            appointment_type=desk.clinic.kind,
            starts_at=NOW + DAY + n * HOUR,
            status=Status.CONFIRMED if n % 3 else Status.EXPIRED,
        )


@pytest.mark.parametrize("query", [{}, {"tab": "all"}, {"tab": "all", "status": "expired"}])
def test_the_file_has_exactly_the_rows_of_the_list_in_its_order(
    desk: FrontDesk, query: dict[str, str]
) -> None:
    book(desk, 2 * SIZE)
    listed: list[str] = []
    address = url("appointments")
    response = desk.admin.get(address, query)
    while True:
        listed += [row.visit.uid for row in response.context["rows"]]
        if not response.context["visits"].next_url:
            break
        response = desk.admin.get(address + response.context["visits"].next_url)

    assert len(listed) > SIZE // 2
    assert [row["uid"] for row in export(desk.admin, **query)] == listed


def test_the_button_on_the_list_carries_its_filters(desk: FrontDesk) -> None:
    book(desk, 3)

    page = desk.admin.get(url("appointments"), {"tab": "all", "status": "expired"})

    link = page.context["export_url"]
    assert f'href="{link.replace("&", "&amp;")}"' in page.content.decode()
    assert link == f"{url('appointments-export')}?tab=all&status=expired"


def test_a_row_says_all_with_times_in_iso_with_their_offset(desk: FrontDesk) -> None:
    visit = desk.clinic.book(NOW + DAY)
    lifecycle.cancel(
        visit, reason="Doctor is ill", message="Sorry", on_behalf_of="doctor", actor=ADMIN, now=NOW
    )

    (row,) = export(desk.admin, tab="cancelled")

    assert row["starts_at"] == "2027-03-02T09:00:00+01:00"
    assert row["cancelled_at"] == "2027-03-01T09:00:00+01:00"
    assert (row["status"], row["cancelled_by"], row["cancelled_on_behalf_of"]) == (
        "cancelled",
        "admin",
        "doctor",
    )
    assert (row["cancellation_reason"], row["cancellation_message"]) == ("Doctor is ill", "Sorry")
    assert row["patient_uid"] == visit.patient.uid


def test_a_hold_that_ran_out_reads_expired(desk: FrontDesk) -> None:
    desk.clinic.hold(NOW + DAY)
    desk.at(NOW + HOUR)

    assert [row["status"] for row in export(desk.admin, tab="all")] == ["expired"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_inert(desk: FrontDesk, start: str) -> None:
    patient = make_patient(shop=desk.clinic.shop, first_name=f"{start}cmd()", last_name="")
    desk.clinic.book(NOW + DAY, patient=patient)

    response = desk.admin.get(url("appointments-export"))

    (row,) = list(csv.DictReader(response.getvalue().decode().split("\r\n")))
    # Names are stripped before they are shown, of tab and return, too.
    assert row["patient"] == ("cmd()" if start in "\t\r" else f"'{start}cmd()")


def test_operations_may_not_export_and_are_not_offered_it(desk: FrontDesk) -> None:
    book(desk, 1)

    assert desk.operations.get(url("appointments-export")).status_code == 403
    assert b"Export" not in desk.operations.get(url("appointments"), {"tab": "all"}).content
    assert not AuditEntry.objects.filter(action="appointments.exported").exists()


def test_it_is_audited_with_the_filters_and_nobodys_data(desk: FrontDesk) -> None:
    patient = desk.clinic.new_patient()
    desk.clinic.book(NOW + DAY, patient=patient)

    export(desk.admin, tab="all", patient=patient.uid)

    entry = AuditEntry.objects.get(action="appointments.exported")
    assert entry.actor_label == "Ada Admin"
    assert entry.details == {"filters": ["tab=all", f"patient={patient.uid}"]}


def test_it_costs_the_same_whatever_it_holds(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Doctors and types, the audit entry, the rows: read through one cursor on the server."""
    for rows in (1, 3):
        Appointment.objects.all().delete()
        book(desk, rows)
        with django_assert_num_queries(ACCESS_QUERIES + 4):
            assert len(export(desk.admin, tab="all")) == rows
