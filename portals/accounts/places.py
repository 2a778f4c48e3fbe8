"""Which portals a user may enter, and where they land after signing in."""

from dataclasses import dataclass

from django.urls import reverse

from organisations.models import Doctor, Membership, User


@dataclass(frozen=True, slots=True)
class Place:
    label: str
    url: str


ADMIN_PORTAL = Place("Admin portal", "/admin/")
DOCTOR_PORTAL = Place("Doctor portal", "/doctor/")


def places_of(user: User) -> list[Place]:
    """The user's portals, the one to land in first."""
    works_here = Membership.objects.filter(user=user, organisation__is_active=True)
    treats_here = Doctor.objects.filter(user=user, is_active=True, organisation__is_active=True)
    places = [
        (ADMIN_PORTAL, works_here.exists()),
        (DOCTOR_PORTAL, treats_here.exists()),
        (Place("RxScale team", reverse("admin:index")), user.is_staff),
    ]
    return [place for place, is_theirs in places if is_theirs]


def home_of(user: User) -> str:
    """The first of the user's portals; without one, the page that says so."""
    places = places_of(user)
    return places[0].url if places else reverse("account_no_portal")
