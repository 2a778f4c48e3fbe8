"""Who may use a route, written on its view: every route carries a mark, and a test walks them all.

The mark says what a view asks for; the decorators of the surfaces that enforce it set it as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "access_mark"


@dataclass(frozen=True)
class AccessMark:
    """`needs` names the right a caller must hold; empty means public, and `reason` says why."""

    needs: str = ""
    reason: str = ""


def public(reason: str) -> Callable[[View], View]:
    """Mark a view that anybody may call, with the reason why that is safe."""
    return _marking(AccessMark(reason=reason))


def needs(right: str) -> Callable[[View], View]:
    """Mark a view that enforces `right`. It marks only: use it inside the decorator that enforces."""
    return _marking(AccessMark(needs=right))


def access_mark(view: Callable[..., Any]) -> AccessMark | None:
    mark = getattr(view, _ATTRIBUTE, None)
    return mark if isinstance(mark, AccessMark) else None


def _marking(mark: AccessMark) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        setattr(view, _ATTRIBUTE, mark)
        return view

    return decorate
