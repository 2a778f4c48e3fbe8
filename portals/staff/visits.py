"""Staff pages: appointment types with their doctors, and meeting rooms."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments import rooms, types
from appointments.models import AppointmentType, MeetingRoom
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
        """The form has checked the same bounds; the verb audits the names of what differs."""
        actor, now, typed = staff_actor(request), utc_now(), form.cleaned_data
        if not change:
            types.add_type(obj, actor=actor, now=now)
            return
        changes = {name: typed[name] for name in self.rules if name != "organisation"}
        types.change_type(obj, changes, doctors=typed["doctors"], actor=actor, now=now)

    def response_add(self, request: HttpRequest, obj: AppointmentType, *args: Any) -> Any:
        self.message_user(request, "Open it again to choose its doctors.", messages.INFO)
        return super().response_add(request, obj, *args)


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
