"""Every route of the house, from the resolver, by the name it is reversed with."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """`name` with its namespace; a route without one is named by its pattern."""

    name: str
    pattern: str
    parameters: tuple[str, ...]

    @property
    def surface(self) -> str:
        return self.pattern.partition("/")[0]


def routes(surface: str = "", *, urlconf: str | None = None) -> list[Route]:
    """All of them, or those whose path begins with that word."""
    found = list(_walk(get_resolver(urlconf)))
    return [route for route in found if not surface or route.surface == surface]


def _walk(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, pattern, entry.namespace or namespace)
            continue
        parameters = (*entry.pattern.converters, *entry.pattern.regex.groupindex)
        name = f"{namespace}:{entry.name}" if namespace else str(entry.name)
        yield Route(name if entry.name else pattern, pattern, tuple(dict.fromkeys(parameters)))
