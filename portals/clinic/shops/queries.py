"""Shops with how many patients each has, and what is bound to one of them."""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from booking_secrets.models import BookingSecret
from notifications.models import NotificationSubscription
from organisations.models import ApiKey, Organisation, Patient, Shop
from portals.clinic.subscriptions.queries import EVENTS

MOST = 1000  # patients are counted up to here; beyond, the page says "1,000+"


@dataclass(frozen=True, slots=True)
class Bound:
    """Living rows for this shop: of it alone (`shop` is set) or of every shop."""

    secrets: list[BookingSecret]
    keys: list[ApiKey]
    subscriptions: list[tuple[str, NotificationSubscription]]  # with the event in words


def with_patient_counts(organisation: Organisation) -> QuerySet[Shop]:
    """Each with `patient_count`, at most MOST + 1: the count of a big shop must not be waited for."""
    living = Patient.objects.filter(shop=OuterRef("pk"), erased_at=None).order_by()
    counted = Func(
        ArraySubquery(living.values("pk")[: MOST + 1]),
        function="CARDINALITY",
        output_field=IntegerField(),
    )
    return Shop.objects.of(organisation).annotate(patient_count=Coalesce(counted, 0))


def bound_to(shop: Shop, organisation: Organisation) -> Bound:
    """Three queries, newest first."""
    reaches = Q(shop=shop) | Q(shop=None)
    secrets = BookingSecret.objects.of(organisation).active()
    keys = ApiKey.objects.of(organisation).filter(revoked_at=None)
    subscriptions = NotificationSubscription.objects.of(organisation).living()
    return Bound(
        list(secrets.filter(reaches).order_by("-created_at", "-pk")),
        list(keys.filter(reaches).order_by("-created_at", "-pk")),
        [
            (EVENTS[row.notification_type], row)
            for row in subscriptions.filter(reaches).order_by("-created_at", "-pk")
        ],
    )
