"""Who signs in, who treats, and who is treated."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower

from common.clock import validate_zone
from common.uids import new_uid

from .tenancy import UID_LENGTH, Organisation, OwnedQuerySet, Shop

E164 = r"^\+[1-9][0-9]{6,14}$"


def is_e164_or_blank(field: str) -> models.Q:
    return models.Q(**{field: ""}) | models.Q(**{f"{field}__regex": E164})


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by e-mail address. `is_staff` is the RxScale team, not a clinic's."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "usr"), editable=False
    )
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    timezone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text="Blank: the organisation's.",
    )
    mobile_phone = models.CharField(max_length=16, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    session_serial = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised to sign the user out everywhere."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=is_e164_or_blank("mobile_phone"), name="user_mobile_phone_is_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """What every session of the user carries: a new password or serial ends them all."""
        return f"{super().get_session_auth_hash()}.{self.session_serial}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{fallback}.{self.session_serial}"


class Role(models.TextChoices):
    ADMIN = "admin"
    OPERATIONS = "operations"


class Membership(models.Model):
    """A user's role in an organisation's admin portal. Doctors are linked by `Doctor.user` instead."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    receives_reminders = models.BooleanField(
        default=True, help_text="Admin reminder rules reach this member."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet["Membership"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="membership_is_unique_in_organisation"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class InvitationQuerySet(OwnedQuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; perhaps too old to accept, then it can be sent again."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """Somebody asked to join the admin portal. The mailed link names this row and its `serial`, signed."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "inv"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role)
    invited_by = models.CharField(max_length=254, blank=True)
    serial = models.PositiveIntegerField(default=1, help_text="Raised when it is sent again.")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_is_open_once_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="invitation_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invitation_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class DoctorNotice(models.TextChoices):
    """What a doctor may switch off. Changes of their hours by others are always mailed (behaviour 6)."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER_EMAIL = "reminder_email"
    REMINDER_SMS = "reminder_sms"


class Doctor(models.Model):
    """A doctor who can be booked. Only `display_name` and `timezone` are public."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "doc"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="doctors")
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="doctor_profiles"
    )
    display_name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, validators=[validate_zone])
    email = models.EmailField(blank=True)
    prescription_phone = models.CharField(max_length=16, blank=True)
    mobile_phone = models.CharField("Mobile phone number", max_length=16, blank=True)
    declined_notices = ArrayField(
        models.CharField(max_length=20, choices=DoctorNotice), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    day_seen_at = models.DateTimeField(
        null=True, editable=False, help_text="When the doctor last looked at the day's page."
    )
    day_news_since = models.DateTimeField(
        null=True, editable=False, help_text="The end of the visit to that page before this one."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet["Doctor"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="doctor_user_is_unique_in_organisation"
            ),
            models.UniqueConstraint(fields=["organisation", "id"], name="doctor_organisation_key"),
            models.CheckConstraint(
                condition=is_e164_or_blank("prescription_phone"),
                name="doctor_prescription_phone_is_e164",
            ),
            models.CheckConstraint(
                condition=is_e164_or_blank("mobile_phone"), name="doctor_mobile_phone_is_e164"
            ),
            models.CheckConstraint(
                condition=models.Q(declined_notices__contained_by=DoctorNotice.values),
                name="doctor_declined_notices_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def wants(self, notice: DoctorNotice) -> bool:
        return notice not in self.declined_notices


def patient_search_text() -> models.Func:
    """Name, e-mail address and phone number as one lower-case text. Its index finds any piece of it."""
    return models.Func(
        "first_name",
        "last_name",
        "email",
        "phone",
        function="LOWER",
        arg_joiner=" || ' ' || ",
        output_field=models.TextField(),
    )


class Patient(models.Model):
    """A shop's customer as a patient: (shop, shop_customer_id) names exactly one."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "pp"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="patients")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="patients")
    shop_customer_id = models.CharField(max_length=255)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=16, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=20, blank=True)
    extra_fields = models.JSONField(default=dict, blank=True)
    shop_fields = models.JSONField(
        default=dict,
        blank=True,
        help_text="The shop's last value per field; what a patient typed holds until it changes.",
    )
    has_opted_out_of_email_reminders = models.BooleanField(default=False)
    has_opted_out_of_sms_reminders = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["Patient"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "shop_customer_id"], name="patient_is_unique_per_shop_customer"
            ),
            models.UniqueConstraint(fields=["organisation", "id"], name="patient_organisation_key"),
            models.CheckConstraint(
                condition=is_e164_or_blank("phone"), name="patient_phone_is_e164"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "email"], name="patient_email"),
            models.Index(fields=["organisation", "created_at", "uid"], name="patient_by_creation"),
            # What people type into the search field is a piece of this text.
            GinIndex(OpClass(patient_search_text(), name="gin_trgm_ops"), name="patient_by_text"),
        ]

    def __str__(self) -> str:
        return self.uid  # never the name: this ends up in logs

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
