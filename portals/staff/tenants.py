"""Staff pages: organisations and their shops."""

from django.contrib import admin

from organisations.models import Organisation, Shop

from .auditing import AuditedAdmin
from .fields import CountryField
from .typed import TypedModelForm


@admin.register(Organisation)
class OrganisationAdmin(AuditedAdmin[Organisation]):
    noun = "organisation"
    list_display = ("name", "uid", "timezone", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "uid")
    readonly_fields = ("uid", "created_at")
    fields = (
        "name",
        "timezone",
        "is_active",
        "support_contact",
        "extra_patient_fields",
        *readonly_fields,
    )

    def organisations_of(self, obj: Organisation) -> list[Organisation]:
        return [obj]


class ShopForm(TypedModelForm[Shop]):
    country = CountryField(max_length=2, help_text=Shop._meta.get_field("country").help_text)


@admin.register(Shop)
class ShopAdmin(AuditedAdmin[Shop]):
    noun = "shop"
    form = ShopForm
    list_display = ("name", "identifier", "organisation", "country", "is_active")
    list_filter = ("organisation", "is_active")
    list_select_related = ("organisation",)
    search_fields = ("name", "identifier", "uid")
    readonly_fields = ("uid", "created_at")
    fields = (
        "organisation",
        "name",
        "identifier",
        "country",
        "contact_email",
        "contact_phone",
        "privacy_notice_url",
        "imprint_url",
        "return_url",
        "partner_tells_patients",
        "is_active",
        *readonly_fields,
    )
