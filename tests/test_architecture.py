"""What imports cannot show: foreign keys point down the arrow, every route says who may use it, sizes stay."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import ForeignObject
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

from common.access import access_mark

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = "rxscale portals api reminders appointments availability booking_secrets notifications organisations common"
FLOORS = {
    "common": 0,
    "organisations": 1,
    "availability": 2,
    "booking_secrets": 2,
    "notifications": 2,
    "appointments": 3,
    "reminders": 4,
    "api": 5,
    "portals": 5,
    "rxscale": 6,
}
MOST_LINES, MOST_LINES_OF_A_TEST, MOST_FUNCTION_LINES = 400, 500, 40
# The addresses of package indexes and the options that name one.
INDEX_ADDRESS = re.compile(
    r"https?://[^\s\"']*(?:pypi|pythonhosted|artifactory|nexus|devpi|/simple\b)"
    r"|^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links)\b|\[\[tool\.uv\.index\]\]",
    re.MULTILINE | re.IGNORECASE,
)


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def _our_code() -> list[Path]:
    code = _tracked("*.py")
    assert len(code) > 50
    return [path for path in code if "migrations" not in path.parts]


def test_foreign_keys_point_down_the_arrow() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in FLOORS]
    keys = [
        (model, field)
        for model in ours
        for field in model._meta.get_fields()
        if isinstance(field, ForeignObject) and field.related_model._meta.app_label in FLOORS
    ]
    wrong = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model, field in keys
        if model._meta.app_label != field.related_model._meta.app_label
        and FLOORS[model._meta.app_label] <= FLOORS[field.related_model._meta.app_label]
    ]

    assert len(keys) > 20
    assert wrong == []


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif entry.app_name != "admin":  # Django's own check of is_staff guards /staff/
            yield from _routes(entry, route)


def test_every_route_says_who_may_use_it() -> None:
    routes = list(_routes(get_resolver("tests.demo.urls")))  # the demo's own among them
    unmarked = [route for route, view in routes if access_mark(view) is None]

    assert {"healthz", "readyz", "demo/enter/<slug:door>"} < {route for route, _ in routes}
    assert unmarked == []


def test_files_and_functions_keep_their_size() -> None:
    assert [finding for path in _our_code() for finding in _too_long(path)] == []


def _too_long(path: Path) -> Iterator[str]:
    source, name = path.read_text(), path.relative_to(ROOT)
    if source.count("\n") > (MOST_LINES_OF_A_TEST if "tests" in name.parts else MOST_LINES):
        yield str(name)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _FUNCTIONS) and _lines(node) > MOST_FUNCTION_LINES:
            yield f"{name}: {node.name}"


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body: a signature with an argument a line and a docstring cost no understanding."""
    has_docstring = ast.get_docstring(function) is not None
    body = function.body[1:] if has_docstring else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_every_template_compiles() -> None:
    templates = _tracked("templates/*")
    assert len(templates) > 5

    for path in templates:
        engines["django"].from_string(path.read_text())


def test_no_file_names_a_package_index() -> None:
    naming = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.suffix in {".txt", ".toml", ".md", ".py", ".yml", ".cfg", ".ini", ".lock", ""}
        and path != Path(__file__).resolve()
        and INDEX_ADDRESS.search(path.read_text())
    ]

    assert naming == []


def test_every_package_of_the_arrow_has_a_floor() -> None:
    assert set(FLOORS) == set(PACKAGES.split())
    assert {path.parent.name for path in ROOT.glob("*/apps.py")} == set(FLOORS)
