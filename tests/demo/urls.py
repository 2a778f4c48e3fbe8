"""The routes of a system that runs with DEMO_DOORS."""

from rxscale.urls import routes

urlpatterns = routes(has_doors=True)
