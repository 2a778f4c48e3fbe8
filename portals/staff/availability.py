"""Staff pages: a doctor's weekly windows, dates with hours of their own, and time off.

Every edit is a verb of `appointments.availability_edits`: audited there, and the doctor is told.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments import availability_edits as edits
from availability.errors import AlreadyExists, Invalid, Stale, WindowOverlap
from availability.models import (
    MINUTES_PER_DAY,
    AvailabilityOverride,
    AvailabilityWindow,
    TimeOff,
)
from availability.values import OverrideValues, TimeOffValues, WindowValues
from common.clock import utc_now
from organisations.actors import Actor
from organisations.models import Doctor

from .auditing import Row, staff_actor
from .fields import HoursField, TimeOfDayField
from .typed import TypedModelAdmin, TypedModelForm

STALE = "Somebody else has changed this meanwhile. Open it again to see how it stands."


class EditForm(TypedModelForm[Row]):
    """A form whose last check is the edit itself, so that what the verb refuses is a form error.

    The admin validates and saves in one transaction: an edit that was made here is never half of one.
    """

    actor: ClassVar[Actor]
    now: ClassVar[datetime]
    expected = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen: Any = self.instance
        if seen.pk:
            self.fields["doctor"].disabled = True
            self.fields["expected"].initial = seen.updated_at.isoformat()

    def edit(self, doctor: Doctor, expected: datetime | None) -> Row:
        raise NotImplementedError

    def clean_expected(self) -> datetime | None:
        text: str = self.cleaned_data["expected"]
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            raise forms.ValidationError(STALE) from None

    def _post_clean(self) -> None:
        if self.errors:
            return
        data = self.cleaned_data
        try:
            self.instance = self.edit(data["doctor"], data["expected"])
        except Invalid as refusal:
            field = refusal.field if refusal.field in self.fields else None
            self.add_error(field, refusal.message)
        except AlreadyExists as refusal:
            self.add_error("date", refusal.message)
        except WindowOverlap as refusal:
            self.add_error(None, refusal.message)
        except Stale:
            self.add_error(None, STALE)


class EditAdmin(TypedModelAdmin[Row]):
    """Pages whose rows change through verbs only."""

    remove: ClassVar[Callable[..., object]]
    autocomplete_fields = ("doctor",)
    list_filter = ("organisation",)
    list_select_related = ("doctor",)
    search_fields = ("uid", "doctor__display_name", "doctor__uid")
    show_full_result_count = False

    def get_form(
        self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any
    ) -> type[TypedModelForm[Row]]:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = staff_actor(request)  # type: ignore[attr-defined]  # every form is an EditForm
        form.now = utc_now()  # type: ignore[attr-defined]  # as above
        return form

    def save_model(
        self, request: HttpRequest, obj: Row, form: TypedModelForm[Row], change: bool
    ) -> None:
        """The form's edit has saved it."""

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        try:
            type(self).remove(obj, actor=staff_actor(request), now=utc_now())
        except Stale:
            self.message_user(request, STALE, messages.WARNING)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Row]") -> None:
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description="Zone")
    def zone(self, obj: Any) -> str:
        return str(obj.doctor.timezone)


class WindowForm(EditForm[AvailabilityWindow]):
    start_time = TimeOfDayField(help_text="In the doctor's zone.")
    end_time = TimeOfDayField(help_text="Up to 24:00; earlier than the start: on the next day.")

    class Meta:
        model = AvailabilityWindow
        fields = ("doctor", "weekday", "valid_from", "valid_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["start_time"] = self.instance.start_minute
            self.initial["end_time"] = self.instance.end_minute

    def edit(self, doctor: Doctor, expected: datetime | None) -> AvailabilityWindow:
        data = self.cleaned_data
        values = WindowValues(
            weekday=data["weekday"],
            start_minute=data["start_time"],
            end_minute=data["end_time"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )
        if not self.instance.pk:
            return edits.add_window(doctor, values, actor=self.actor, now=self.now)
        return edits.change_window(
            self.instance, values, actor=self.actor, now=self.now, expected=expected
        )


@admin.register(AvailabilityWindow)
class WindowAdmin(EditAdmin[AvailabilityWindow]):
    form = WindowForm
    remove = edits.remove_window
    list_display = ("doctor", "hours", "zone")
    ordering = ("doctor__display_name", "doctor", "weekday", "start_minute")
    fields = (
        "doctor",
        "weekday",
        "start_time",
        "end_time",
        "valid_from",
        "valid_until",
        "expected",
    )

    @admin.display(description="Window")
    def hours(self, obj: AvailabilityWindow) -> str:
        return WindowValues.of(obj).in_words()


class OverrideForm(EditForm[AvailabilityOverride]):
    hours = HoursField(
        required=False,
        help_text="Instead of the weekly windows, e.g. 09:00-12:00, 13:00-17:00. None: closed.",
    )

    class Meta:
        model = AvailabilityOverride
        fields = ("doctor", "date")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["date"].disabled = True
            self.initial["hours"] = self.instance.hours

    def edit(self, doctor: Doctor, expected: datetime | None) -> AvailabilityOverride:
        values = OverrideValues(date=self.cleaned_data["date"], hours=self.cleaned_data["hours"])
        if not self.instance.pk:
            return edits.add_override(doctor, values, actor=self.actor, now=self.now)
        return edits.set_override(doctor, values, actor=self.actor, now=self.now, expected=expected)


@admin.register(AvailabilityOverride)
class OverrideAdmin(EditAdmin[AvailabilityOverride]):
    form = OverrideForm
    remove = edits.remove_override
    list_display = ("doctor", "own_hours", "zone")
    ordering = ("-date", "doctor__display_name")
    fields = ("doctor", "date", "hours", "expected")

    @admin.display(description="Date and hours")
    def own_hours(self, obj: AvailabilityOverride) -> str:
        return OverrideValues.of(obj).in_words()


class TimeOffForm(EditForm[TimeOff]):
    start_time = TimeOfDayField(required=False, help_text="Blank: from 00:00.")
    end_time = TimeOfDayField(required=False, help_text="Blank: until 24:00.")

    class Meta:
        model = TimeOff
        fields = ("doctor", "start_date", "end_date", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["start_time"] = self.instance.start_minute
            self.initial["end_time"] = self.instance.end_minute

    def edit(self, doctor: Doctor, expected: datetime | None) -> TimeOff:
        data = self.cleaned_data
        start, end = data["start_time"], data["end_time"]
        values = TimeOffValues(
            start_date=data["start_date"],
            end_date=data["end_date"],
            start_minute=0 if start is None else start,
            end_minute=MINUTES_PER_DAY if end is None else end,
            note=data["note"],
        )
        if not self.instance.pk:
            return edits.add_time_off(doctor, values, actor=self.actor, now=self.now)
        return edits.change_time_off(
            self.instance, values, actor=self.actor, now=self.now, expected=expected
        )


@admin.register(TimeOff)
class TimeOffAdmin(EditAdmin[TimeOff]):
    form = TimeOffForm
    remove = edits.remove_time_off
    list_display = ("doctor", "span", "zone")
    ordering = ("-start_date", "doctor__display_name")
    fields = ("doctor", "start_date", "start_time", "end_date", "end_time", "note", "expected")

    @admin.display(description="Off")
    def span(self, obj: TimeOff) -> str:
        return TimeOffValues.of(obj).in_words()
