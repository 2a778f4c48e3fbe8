"""What htmx is told on every page that loads it: no eval, no scripts in fragments, no history of pages."""

import json
import re
from pathlib import Path

from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
CONFIG = re.compile(r"<meta name=\"htmx-config\" content='([^']*)'>")
# With historyRestoreAsHxRequest Back would show a fragment as the page; without a cache no patient is kept.
TOLD = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "historyRestoreAsHxRequest": False,
}


def test_every_template_that_loads_htmx_tells_it_so() -> None:
    loading = {
        path.relative_to(TEMPLATES).as_posix(): CONFIG.findall(with_its_base(path.read_text()))
        for path in TEMPLATES.rglob("*.html")
        if "{% htmx_script" in path.read_text()
    }

    assert loading
    for name, found in loading.items():
        assert len(found) == 1, name
        assert TOLD.items() <= json.loads(found[0]).items(), name


def with_its_base(text: str) -> str:
    """The demo's pages inherit what their base tells htmx."""
    base = re.match(r'{% extends "(demo/[^"]+)" %}', text)
    return text + (TEMPLATES / base[1]).read_text() if base else text
