"""Addresses of pages, each looked up once: a page names a hundred, and Django searches its patterns for every one."""

from functools import cache

from django.urls import NoReverseMatch, reverse

_UID = "UID"


def page_of(route: str, uid: str) -> str:
    """The page of a thing of ours. Its uid goes in as it stands: letters, digits and hyphens (`common.uids`)."""
    before, after = _around_the_uid(route)
    return f"{before}{uid}{after}"


@cache
def _around_the_uid(route: str) -> tuple[str, str]:
    before, _, after = reverse(route, args=[_UID]).rpartition(_UID)
    return before, after


@cache
def route_or_blank(name: str) -> str:
    """The route's address, or "" while there is no such page."""
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""
