"""Staff pages: appointment types with their doctors, and meeting rooms."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments import rooms
from appointments.models import AppointmentType, AppointmentTypeDoctor, MeetingRoom
from common.clock import utc_now
from organisations.models import Doctor

from .auditing import AuditedAdmin, ReadOnlyAdmin, staff_actor
from .typed import TypedModelForm


class AppointmentTypeForm(TypedModelForm[AppointmentType]):
    """Bounds as the contract states them. Doctors are chosen once the organisation is known."""

    doctors = forms.ModelMultipleChoiceField(
        queryset=Doctor.objects.none(),
        required=False,
        widget=FilteredSelectMultiple("doctors", is_stacked=False),
    )
    slot_interval_minutes = forms.IntegerField(
        required=False, help_text="Blank: the duration.", widget=forms.NumberInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, least, most in AppointmentType.BOUNDS:
            self.fields[name].validators += [MinValueValidator(least), MaxValueValidator(most)]
        self._offer_doctors()

    def clean_slot_interval_minutes(self) -> int | None:
        interval: int | None = self.cleaned_data["slot_interval_minutes"]
        return interval or self.cleaned_data.get("duration_minutes")

    def _offer_doctors(self) -> None:
        if not self.instance.pk:
            del self.fields["doctors"]
            return
        doctors = self.fields["doctors"]
        own = Doctor.objects.of(self.instance.organisation).order_by("display_name")
        assert isinstance(doctors, forms.ModelMultipleChoiceField)  # noqa: S101  # narrows the type
        doctors.queryset = own
        doctors.initial = own.filter(offers__appointment_type=self.instance)


@admin.register(AppointmentType)
class AppointmentTypeAdmin(AuditedAdmin[AppointmentType]):
    noun = "appointment_type"
    form = AppointmentTypeForm
    list_display = ("name", "organisation", "duration_minutes", "rebooking_mode", "is_active")
    list_filter = ("organisation", "is_active")
    list_select_related = ("organisation",)
    search_fields = ("name", "uid")
    readonly_fields = ("uid", "created_at", "updated_at")
    rules = (
        "organisation",
        "name",
        "description",
        "duration_minutes",
        "slot_interval_minutes",
        "buffer_before_minutes",
        "buffer_after_minutes",
        "hold_ttl_seconds",
        "min_booking_notice_minutes",
        "booking_horizon_days",
        "cancellation_notice_minutes",
        "rebooking_notice_minutes",
        "rebooking_mode",
        "is_active",
    )

    def get_fieldsets(self, request: HttpRequest, obj: AppointmentType | None = None) -> Any:
        known = ("doctors", *self.readonly_fields) if obj else ()
        return ((None, {"fields": (*self.rules, *known)}),)

    def save_model(
        self,
        request: HttpRequest,
        obj: AppointmentType,
        form: TypedModelForm[AppointmentType],
        change: bool,
    ) -> None:
        super().save_model(request, obj, form, change)
        if "doctors" in form.changed_data:
            _offer_by(obj, form.cleaned_data["doctors"])

    def response_add(self, request: HttpRequest, obj: AppointmentType, *args: Any) -> Any:
        self.message_user(request, "Open it again to choose its doctors.", messages.INFO)
        return super().response_add(request, obj, *args)


def _offer_by(appointment_type: AppointmentType, doctors: QuerySet[Doctor]) -> None:
    """Exactly these doctors offer the type from now on; booked visits stay."""
    appointment_type.offers.exclude(doctor__in=doctors).delete()
    known = set(appointment_type.offers.values_list("doctor_id", flat=True))
    AppointmentTypeDoctor.objects.bulk_create(
        AppointmentTypeDoctor(
            organisation_id=appointment_type.organisation_id,
            appointment_type=appointment_type,
            doctor=doctor,
        )
        for doctor in doctors
        if doctor.pk not in known
    )


@admin.register(MeetingRoom)
class MeetingRoomAdmin(ReadOnlyAdmin[MeetingRoom]):
    """Rooms come with their doctors. Their names are shown nowhere: who knows one can walk in."""

    list_display = ("doctor", "organisation", "strategy", "renewed_at")
    list_filter = ("organisation",)
    list_select_related = ("doctor", "organisation")
    search_fields = ("doctor__display_name", "doctor__uid")
    fields = ("doctor", "organisation", "strategy", "renewed_at")
    actions = ("renew",)

    @admin.action(description="Renew the selected rooms", permissions=["renew"])
    def renew(self, request: HttpRequest, queryset: QuerySet[MeetingRoom]) -> None:
        for room in queryset.select_related("doctor__organisation"):
            rooms.renew(room.doctor, actor=staff_actor(request), now=utc_now())
        self.message_user(
            request, "Renewed. Join links lead to the new rooms at once.", messages.SUCCESS
        )

    def has_renew_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_meetingroom")
