"""Everything below /v1/, written without trailing slashes (`api.slashes`)."""

from django.urls import URLPattern, URLResolver, path, re_path

from .management.api import api as management
from .routes import marked, unknown_path
from .scheduling.api import api as scheduling

urlpatterns: list[URLPattern | URLResolver] = [
    path("management/", marked(management)),
    path("scheduling/", marked(scheduling)),
    re_path(r"", unknown_path),
]
