"""The partner Scheduling API: its routers, put together."""

from api.openapi import DocumentedAPI

from . import appointments, discovery, launch_codes

api = DocumentedAPI(
    title="RxScale Scheduling API",
    description=(
        "Find a slot, hold it, confirm it; cancel and rebook. Instants are Unix seconds. Paths answer"
        " with and without a trailing slash."
    ),
    namespace="scheduling-api",
)
api.add_router("", discovery.router)
api.add_router("", appointments.router)
api.add_router("", launch_codes.router)
