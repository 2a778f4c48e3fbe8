"""The Management API: its routers, put together."""

from api.openapi import DocumentedAPI

from . import (
    appointments,
    availability,
    doctors,
    health,
    overrides,
    patients,
    reminders,
    secrets,
    subscriptions,
    time_off,
    types,
)

api = DocumentedAPI(
    title="RxScale Management API",
    description=(
        "Everything the clinic's portals can do, by key. Each operation names the one permission it"
        " needs; none implies another. Instants are Unix seconds. Paths answer with and without a"
        " trailing slash."
    ),
    namespace="management-api",
)
api.add_router("", health.router)
api.add_router("/scheduling", appointments.router)
api.add_router("/scheduling", types.router)
api.add_router("/scheduling", reminders.router)
api.add_router("/scheduling", availability.router)
api.add_router("/scheduling", overrides.router)
api.add_router("/scheduling", time_off.router)
api.add_router("/scheduling", secrets.router)
api.add_router("", doctors.router)
api.add_router("", patients.router)
api.add_router("", subscriptions.router)
