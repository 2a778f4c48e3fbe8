from django.urls import URLPattern, URLResolver

from . import list_urls, visit_urls

urlpatterns: list[URLPattern | URLResolver] = [
    *list_urls.urlpatterns,  # before the uids, which would take `export` for one
    *visit_urls.urlpatterns,
]
