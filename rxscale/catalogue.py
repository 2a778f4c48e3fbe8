"""The texts that patients read, as a gettext catalogue: found in code and templates, kept in locale/.

`make messages` brings django.po up to date with the sources, keeping what is translated, and compiles it.
Needs no gettext: Babel reads and writes the files, Django's own template parser finds the marked texts.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template.base import Node, Template
from django.template.engine import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).parent.parent
_ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = "# German for patients. Written by hand, kept in step by `make messages`."
# Whose texts reach a patient. The staff's portals are in English.
CODE = (
    "appointments",
    "common",
    "notifications/letters.py",
    "portals/booking",
    "portals/slots",
    "reminders",
)
TEMPLATES = (
    "portals/booking",
    "components/errors.html",
    "components/field.html",
    "components/form.html",
    "components/form_errors.html",
    "mail",
    "base.html",
    "failure.html",
    *(f"{failure}.html" for failure in ("400", "403", "403_csrf", "404", "500", "503")),
)
LANGUAGE = "de"
PO = ROOT / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
# function → its arguments: a context, the text, its plural
_CALLS = {
    "gettext": ("text",),
    "gettext_lazy": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "pgettext_lazy": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """One marked text and the file it stands in."""

    text: str
    file: str
    plural: str = ""
    context: str = ""

    @property
    def id(self) -> str | tuple[str, str]:
        return (self.text, self.plural) if self.plural else self.text


def texts() -> list[Text]:
    """All of them, in the order of their files."""
    return [*_texts_of_code(), *_texts_of_templates()]


def _texts_of_code() -> Iterator[Text]:
    for path in _files((ROOT / name for name in CODE), "*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = _CALLS.get(node.func.id, ())
                given = [ast.literal_eval(argument) for argument in node.args[: len(names)]]
                if names:
                    yield Text(**dict(zip(names, given, strict=True)), file=_name_of(path))


def _texts_of_templates() -> Iterator[Text]:
    engine = Engine.get_default()
    for path in templates():
        template = Template(path.read_text(), engine=engine)
        for node in template.nodelist.get_nodes_by_type(Node):
            if text := _text_of_node(node, _name_of(path)):
                yield text


def _text_of_node(node: Node, file: str) -> Text | None:
    if isinstance(node, TranslateNode):
        return Text(str(node.filter_expression.var.literal), file)
    if isinstance(node, BlockTranslateNode):
        singular, _ = node.render_token_list(node.singular)
        plural, _ = node.render_token_list(node.plural) if node.plural else ("", [])
        return Text(singular, file, plural)
    return None


def _files(places: Iterable[Path], pattern: str) -> list[Path]:
    found = (place.rglob(pattern) if place.is_dir() else [place] for place in places)
    return sorted({path for paths in found for path in paths if "migrations" not in path.parts})


def _name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def stored() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def updated(catalogue: Catalog) -> Catalog:
    """The catalogue with today's texts: what is new comes untranslated, what is gone goes."""
    fresh = Catalog()
    for text in texts():
        fresh.add(text.id, locations=[(text.file, 1)], context=text.context or None)
    catalogue.update(fresh, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def text_of(message: Message) -> str:
    """The text as the code has it: of two, the singular."""
    return forms(message.id)[0]


def forms(given: str | Sequence[str] | None) -> list[str]:
    """The text, or singular and plural."""
    return [given or ""] if given is None or isinstance(given, str) else list(given)


def is_translated(message: Message) -> bool:
    """Every form of it."""
    return all(forms(message.string)) and not message.fuzzy


def untranslated(catalogue: Catalog) -> list[str]:
    return [text_of(each) for each in catalogue if each.id and not is_translated(each)]


def templates() -> list[Path]:
    return _files((ROOT / "templates" / name for name in TEMPLATES), "*.*")


def write(catalogue: Catalog) -> None:
    """Both files; the same texts give the same bytes, whenever it is."""
    catalogue.creation_date = catalogue.revision_date = _ALWAYS
    catalogue.header_comment, catalogue.fuzzy = _HEADER, False
    catalogue.project, catalogue.version = "RxScale Scheduling", "1"
    with PO.open("wb") as file:
        write_po(file, catalogue, width=110, include_lineno=False)
    with MO.open("wb") as file:
        write_mo(file, catalogue)


def renew() -> list[str]:
    """Bring both files up to date with the sources; what is left to translate."""
    catalogue = updated(stored())
    write(catalogue)
    return untranslated(catalogue)
