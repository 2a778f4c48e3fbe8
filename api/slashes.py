"""A path of the APIs answers with and without a trailing slash, without a redirect."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIX = "/v1/"


class TrailingSlashMiddleware:
    """Takes the slash off before the route is looked up; routes below /v1/ are written without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.startswith(PREFIX) and path.endswith("/"):
            request.path_info = path.removesuffix("/")
        return self.get_response(request)
