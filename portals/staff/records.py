"""Staff pages to look at: the audit log and the runs of the maintenance manager."""

from django.contrib import admin

from organisations.models import AuditEntry, MaintenanceRun

from .auditing import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("at", "organisation", "action", "actor_kind", "actor_label", "object_uid")
    list_filter = ("organisation", "actor_kind")
    list_select_related = ("organisation",)
    search_fields = ("action", "object_uid", "actor_uid", "actor_label")
    ordering = ("-at", "-id")


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(ReadOnlyAdmin[MaintenanceRun]):
    list_display = ("started_at", "finished_at", "counts", "errors")
    ordering = ("-started_at",)
