"""Whose rows these are: the organisation, its shops, and the base every owned row starts from."""

from functools import partial
from typing import Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from common.clock import validate_zone
from common.uids import new_uid

UID_LENGTH = 40
OwnedRow = TypeVar("OwnedRow", bound=models.Model)


class OwnedQuerySet(models.QuerySet[OwnedRow]):
    """Querysets of rows that belong to an organisation: every query starts with `of`."""

    def of(self, organisation: "Organisation") -> Self:
        return self.filter(organisation=organisation)

    def one_or_none(self) -> OwnedRow | None:
        """The row of a unique key. Unlike `first` it puts nothing in order, which takes Django longer than
        the lookup takes PostgreSQL. Raises MultipleObjectsReturned where the key is not unique.
        """
        try:
            return self.get()
        except ObjectDoesNotExist:
            return None


class Organisation(models.Model):
    """A tenant: one clinic or clinic group. Every other row belongs to exactly one."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "org"), editable=False
    )
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, validators=[validate_zone])
    is_active = models.BooleanField(default=True)
    support_contact = models.CharField(
        max_length=200, blank=True, help_text="Whom the portals name for questions and changes."
    )
    extra_patient_fields = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Profile fields of booking tokens that are kept beside the known ones.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Shop(models.Model):
    """A storefront of the organisation. Patients are unique per shop and shop_customer_id."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "shop"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="shops")
    identifier = models.CharField(
        max_length=200, help_text="The `shop_identifier` claim, e.g. my-shop.example."
    )
    name = models.CharField(max_length=200)
    country = models.CharField(
        max_length=2,
        help_text="ISO 3166 alpha-2; phone numbers without a country code are read in it.",
    )
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    privacy_notice_url = models.URLField(blank=True)
    imprint_url = models.URLField(blank=True)
    return_url = models.URLField(blank=True, help_text="Where the booking page leads back to.")
    partner_tells_patients = models.BooleanField(
        default=False,
        help_text="Our partner tells the patients: they get only what a reminder rule orders.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet["Shop"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "identifier"],
                name="shop_identifier_is_unique_in_organisation",
            ),
            models.UniqueConstraint(fields=["organisation", "id"], name="shop_organisation_key"),
            models.CheckConstraint(
                condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="shop_country_is_two_letters"
            ),
        ]

    def __str__(self) -> str:
        return self.name
