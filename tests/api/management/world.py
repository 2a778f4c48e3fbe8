"""The clinic of tests/api, called with keys of the Management API."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from organisations.models import Permission, Shop
from tests.api.world import KEY_HEADER, Clinic

BASE = "/v1/management"
ABSENT = {"error": "Resource not found", "code": "not_found"}


@dataclass
class Integrator:
    """A program of the clinic's with one key; every call answers Django's response."""

    key: str
    client: Client = field(default_factory=Client)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Any = None,
        query: Any = None,
    ) -> Any:
        return self.client.generic(
            method,
            f"{BASE}{path}",
            data="" if body is None else self.client._encode_json(body, "application/json"),  # type: ignore[attr-defined]  # as Django's own post()
            content_type="application/json",
            headers={KEY_HEADER: self.key, **(headers or {})},
            query_params=query,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, query={name.rstrip("_"): v for name, v in query.items()})

    def post(self, path: str, headers: Any = None, **body: Any) -> Any:
        return self.ask("POST", path, body, headers=headers)

    def patch(self, path: str, **body: Any) -> Any:
        return self.ask("PATCH", path, body)

    def delete(self, path: str, **body: Any) -> Any:
        return self.ask("DELETE", path, body or None)


def integrator(clinic: Clinic, *permissions: Permission, shop: Shop | None = None) -> Integrator:
    """With these permissions alone; without any named: with all of them."""
    return Integrator(clinic.api_key(*(permissions or Permission), shop=shop))
