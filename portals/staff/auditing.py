"""What every staff page shares: acts are audited, tenants stay apart, rows are deactivated and not deleted."""

from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.db import models
from django.http import HttpRequest

from common.client_address import client_address
from common.clock import utc_now
from organisations import audit
from organisations.actors import Actor, ActorKind
from organisations.models import Organisation, User

from .fields import TimeZoneField
from .typed import TypedModelAdmin, TypedModelForm

Row = TypeVar("Row", bound=models.Model)


def staff_actor(request: HttpRequest) -> Actor:
    """Who of the team acts, and from where."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("staff pages are behind a login")
    address = client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.TRUSTED_PROXIES,
    )
    return Actor(kind=ActorKind.STAFF, uid=user.uid, label=str(user), ip_address=address or None)


class AuditedAdmin(TypedModelAdmin[Row]):
    """Writes `<noun>.created` and `<noun>.changed` with the names of the fields, never their values."""

    noun: str
    save_on_top = False
    show_full_result_count = False  # no exact count over a whole table

    def organisations_of(self, obj: Row) -> list[Organisation]:
        """In whose audit logs acts on `obj` are written."""
        return [obj.organisation]  # type: ignore[attr-defined]  # every owned row has one

    def record(
        self, request: HttpRequest, obj: Row, act: str, fields: list[str] | None = None
    ) -> None:
        for organisation in self.organisations_of(obj):
            audit.record(
                organisation,
                f"{self.noun}.{act}",
                actor=staff_actor(request),
                now=utc_now(),
                object_uid=getattr(obj, "uid", ""),
                details={"fields": fields} if fields else {},
            )

    def save_model(
        self, request: HttpRequest, obj: Row, form: TypedModelForm[Row], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            self.record(request, obj, "created")
        elif form.changed_data:
            self.record(request, obj, "changed", sorted(form.changed_data))

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any
    ) -> type[TypedModelForm[Row]]:
        """A row never changes its tenant. Disabled, not read-only: unique constraints still see it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        organisation = form.base_fields.get("organisation")
        if organisation is not None:
            organisation.disabled = obj is not None
            for right in ("add", "change", "delete", "view"):
                setattr(organisation.widget, f"can_{right}_related", False)
        return form

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "timezone":
            return TimeZoneField(required=not db_field.blank, help_text=str(db_field.help_text))
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ReadOnlyAdmin(TypedModelAdmin[Row]):
    """To look at, nothing else."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False
