"""Staff pages: users, their roles in organisations, and doctors."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from appointments import availability_edits, rooms
from common.clock import utc_now
from organisations.models import Doctor, Membership, Organisation, User
from portals.accounts import mails, second_factor

from .auditing import AuditedAdmin, staff_actor
from .fields import PhoneField
from .typed import TypedModelForm, TypedUserAdmin, TypedUserChangeForm, TypedUserCreationForm

admin.site.unregister(Group)  # roles are memberships; the team's rights are per user


class NewUserForm(TypedUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return lower_case(self.cleaned_data["email"])


class UserForm(TypedUserChangeForm[User]):
    mobile_phone = PhoneField(label="Mobile phone number")

    class Meta:
        model = User
        fields = ("email", "name", "timezone", "mobile_phone", "is_active")

    def clean_email(self) -> str:
        return lower_case(self.cleaned_data["email"])


def lower_case(email: str) -> str:
    """One address is one user, however it was typed."""
    return email.strip().lower()


@admin.register(User)
class UserAdmin(AuditedAdmin[User], TypedUserAdmin[User]):
    """Audited with every organisation the user works in. Only superusers hand out the team's rights."""

    noun = "user"
    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name", "uid")
    readonly_fields = ("uid", "last_login", "date_joined")
    filter_horizontal = ("user_permissions",)
    actions = ("switch_second_factor_off",)
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "timezone", "mobile_phone", "is_active")}),
        ("RxScale team", {"fields": ("is_staff", "is_superuser", "user_permissions")}),
        ("Record", {"fields": readonly_fields}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def organisations_of(self, obj: User) -> list[Organisation]:
        works_in = Q(memberships__user=obj) | Q(doctors__user=obj)
        return list(Organisation.objects.filter(works_in).distinct())

    @admin.action(
        description="Switch the second factor off (telephone lost)", permissions=["change"]
    )
    def switch_second_factor_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Once it is certain who asks. The user is told by mail; admins set a new one up at once."""
        users = queryset if _is_superuser(request) else queryset.filter(is_superuser=False)
        for user in users:
            if second_factor.remove(user):
                self.record(request, user, "second_factor_removed")
                mails.send_notice(user, "totp_deactivated", now=utc_now())
        self.message_user(
            request, "Switched off. The password alone signs them in.", messages.SUCCESS
        )

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may edit a superuser could become one: set the password, and sign in."""
        is_above = obj is not None and obj.is_superuser and not _is_superuser(request)
        return not is_above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        rights = () if _is_superuser(request) else ("is_staff", "is_superuser", "user_permissions")
        return (*self.readonly_fields, *rights)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Django's own password page does not pass through `save_model`; it logs, and so do we."""
        if _is_password_change(request):
            self.record(request, obj, "changed", ["password"])
        return super().log_change(request, obj, message)


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _is_password_change(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name == "auth_user_password_change"


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin[Membership]):
    noun = "membership"
    list_display = ("user", "organisation", "role", "receives_reminders")
    list_filter = ("organisation", "role")
    list_select_related = ("user", "organisation")
    search_fields = ("user__email", "user__name")
    autocomplete_fields = ("user",)
    fields = ("organisation", "user", "role", "receives_reminders")

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return _has_right(request, "organisations.delete_membership")

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        self.record(request, obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("organisation"):
            self.delete_model(request, membership)


def _has_right(request: HttpRequest, right: str) -> bool:
    return isinstance(request.user, User) and request.user.has_perm(right)


class DoctorForm(TypedModelForm[Doctor]):
    prescription_phone = PhoneField(label="Prescription phone number")
    mobile_phone = PhoneField(
        label="Mobile phone number",
        help_text="For text message reminders. With the country code, such as +49 151 23456789.",
    )


@admin.register(Doctor)
class DoctorAdmin(AuditedAdmin[Doctor]):
    noun = "doctor"
    form = DoctorForm
    list_display = ("display_name", "organisation", "timezone", "mobile_phone", "is_active")
    list_filter = ("organisation", "is_active")
    list_select_related = ("organisation",)
    search_fields = ("display_name", "email", "uid")
    autocomplete_fields = ("user",)
    actions = ("renew_meeting_rooms",)
    readonly_fields = ("uid", "created_at")
    fields = (
        "organisation",
        "display_name",
        "timezone",
        "user",
        "email",
        "prescription_phone",
        "mobile_phone",
        "is_active",
        *readonly_fields,
    )

    def save_model(
        self, request: HttpRequest, obj: Doctor, form: TypedModelForm[Doctor], change: bool
    ) -> None:
        """A doctor has a meeting room from the start, and is told of another zone: it moves their hours."""
        zone = obj.timezone
        obj.timezone = form.initial.get("timezone") or zone
        super().save_model(request, obj, form, change)
        availability_edits.change_timezone(
            obj, timezone=zone, actor=staff_actor(request), now=utc_now()
        )
        rooms.room_of(obj)

    @admin.action(description="Renew the meeting rooms", permissions=["change"])
    def renew_meeting_rooms(self, request: HttpRequest, queryset: QuerySet[Doctor]) -> None:
        for doctor in queryset.select_related("organisation"):
            rooms.renew(doctor, actor=staff_actor(request), now=utc_now())
        self.message_user(
            request, "Renewed. Join links lead to the new rooms at once.", messages.SUCCESS
        )
