"""A member of the RxScale team at a browser, and what their pages answered."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from organisations.models import AuditEntry, Organisation, User

from .browsers import sign_in


class Staff:
    """A member of the team at a browser."""

    def __init__(self) -> None:
        self.user = User.objects.create_superuser("sam@rxscale.example", "staff", name="Sam Staff")
        self.client = sign_in(self.user)

    def add(self, model: str, **fields: Any) -> HttpResponse:
        return self.post(reverse(f"admin:{model}_add"), **fields)

    def change(self, model: str, pk: int, **fields: Any) -> HttpResponse:
        return self.post(reverse(f"admin:{model}_change", args=[pk]), **fields)

    def act(self, model: str, action: str, *pks: int) -> HttpResponse:
        return self.post(
            reverse(f"admin:{model}_changelist"), action=action, _selected_action=list(pks)
        )

    def post(self, url: str, **fields: Any) -> HttpResponse:
        response = self.client.post(url, fields)
        assert isinstance(response, HttpResponse)
        return response


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    """The form's errors; the page came back instead of a redirect."""
    assert response.status_code == 200
    form = response.context["adminform"].form  # type: ignore[attr-defined]  # the test client's
    assert form.errors
    return {field: list(errors) for field, errors in form.errors.items()}


def audited(organisation: Organisation) -> list[tuple[str, str, dict[str, Any]]]:
    entries = AuditEntry.objects.of(organisation).order_by("id")
    return [(entry.action, entry.actor_label, entry.details) for entry in entries]
