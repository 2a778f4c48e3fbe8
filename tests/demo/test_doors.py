"""The demo's front page: there only with DEMO_DOORS; a click signs in as one of the demo's people, nobody else."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import DjangoAssertNumQueries, Settings

from organisations.models import AuditEntry, Membership, Role, User
from rxscale.demo.clinic import NORTHSIDE, PASSWORD, Clinic
from rxscale.demo.doors import DOORS
from rxscale.urls import routes as house
from tests.portals.access_table import DEMO
from tests.portals.routes import routes

pytestmark = pytest.mark.django_db


def _enter(client: Client, door: str) -> tuple[int, str]:
    answer = client.post(f"/demo/enter/{door}")
    return answer.status_code, answer.headers.get("Location", "")


def test_without_the_setting_there_is_no_door(standing_northside: Clinic, client: Client) -> None:
    assert User.objects.filter(email=NORTHSIDE.admin_email).exists()

    with pytest.raises(NoReverseMatch):
        reverse("demo:doors")
    assert _enter(client, "operations")[0] == 404
    assert "/demo/" not in client.get("/").content.decode()
    assert not [entry for entry in house(has_doors=False) if "demo" in str(entry)]


def test_the_table_names_exactly_the_demos_routes(doors: Settings) -> None:
    named = {route.name for route in routes(urlconf="tests.demo.urls")} - {
        route.name for route in routes(urlconf="rxscale.urls")
    }

    assert named == set(DEMO)


@pytest.mark.parametrize(("door", "portal"), [("operations", "/admin/"), ("doctor", "/doctor/")])
def test_one_click_lands_in_the_portal(
    northside: Clinic, client: Client, door: str, portal: str
) -> None:
    assert _enter(client, door) == (302, portal)

    assert client.get(portal).status_code == 200
    entry = AuditEntry.objects.of(northside.organisation).get(action="account.signed_in")
    assert entry.object_uid == User.objects.get(email=DOORS[door].email).uid


def test_a_click_counts_as_a_fresh_login(northside: Clinic, client: Client) -> None:
    _enter(client, "operations")

    assert client.get(reverse("clinic:team-invite")).status_code == 200


def test_the_second_door_ends_what_the_first_one_opened(northside: Clinic, client: Client) -> None:
    _enter(client, "operations")
    _enter(client, "doctor")

    assert client.get("/admin/").status_code == 302
    assert client.get("/doctor/").status_code == 200


@pytest.mark.parametrize("door", ["staff", "harbour", "team-rxscale-example", "ada"])
def test_nobody_else_stands_behind_a_door(northside: Clinic, client: Client, door: str) -> None:
    User.objects.create_superuser("team@rxscale.example", PASSWORD, name="RxScale team")

    assert _enter(client, door)[0] == 404
    assert "_auth_user_id" not in client.session


def test_a_door_opens_to_no_account_of_the_rxscale_team_and_to_none_that_is_closed(
    northside: Clinic, client: Client
) -> None:
    admin = User.objects.get(email=NORTHSIDE.admin_email)
    admin.is_staff = True
    admin.save()
    assert _enter(client, "operations")[0] == 404

    admin.is_staff, admin.is_active = False, False
    admin.save()
    assert _enter(client, "operations") == (302, reverse("account_inactive"))
    assert "_auth_user_id" not in client.session


def test_a_door_is_posted_with_a_token_of_the_page(northside: Clinic) -> None:
    stranger = Client(enforce_csrf_checks=True)

    assert _enter(stranger, "operations")[0] == 403
    assert stranger.get("/demo/enter/operations").status_code == 405


def test_behind_the_operations_door_stands_an_admin_of_the_clinic(northside: Clinic) -> None:
    member = Membership.objects.get(user__email=DOORS["operations"].email)

    assert (member.organisation, member.role) == (northside.organisation, Role.ADMIN)


def test_the_front_page_says_who_is_behind_each_door(
    northside: Clinic, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # the clinic, and three looks at its visits
        answer = client.get("/")

    text = answer.content.decode()
    assert "Ada Winter" in text
    assert "Dr. Mara Lindgren" in text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_front_page_does_without_a_clinic(doors: Settings, client: Client) -> None:
    assert client.get("/").status_code == 200
