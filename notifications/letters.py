"""A letter as data, rendered once as plain text and once as HTML, so that both always say the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from .kinds import Attachment, Email


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line, e.g. When."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """A link people follow: the first of a letter is its button."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What one e-mail says. `subject` carries no data of a person: subjects show on lock screens."""

    subject: str
    heading: str
    sender: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    actions: tuple[Action, ...] = ()
    message: str = ""
    footer: tuple[str, ...] = ()


def to_email(letter: Letter, attachments: tuple[Attachment, ...] = ()) -> Email:
    """The letter as a multipart e-mail, in the active language."""
    context = {"letter": letter, "language": translation.get_language() or settings.LANGUAGE_CODE}
    return Email(
        subject=letter.subject,
        text=render_to_string("mail/letter.txt", context).strip() + "\n",
        html=render_to_string("mail/letter.html", context),
        attachments=attachments,
    )


@contextmanager
def in_language_of(language: str) -> Iterator[None]:
    """Speak the reader's language inside the block: `de`, `de-AT` … or, unknown, the default."""
    try:
        code = translation.get_supported_language_variant(language)
    except LookupError:
        code = settings.LANGUAGE_CODE
    with translation.override(code):
        yield
