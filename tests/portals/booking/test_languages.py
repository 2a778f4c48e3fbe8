"""What patients read is there in German, too: every marked text is translated, and no text is left unmarked."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from django.test import Client
from django.utils import translation

from appointments import messages
from common.local_time import in_short, in_words, zone_in_words
from notifications.models import Delivery
from portals.booking.zones import zones_by_region
from rxscale import catalogue
from tests.appointments.clinic import START, Clinic
from tests.factories import NOW, make_patient

from .by_link import LinkHolder, path_of
from .conftest import SetNow
from .front import PROFILE, Shop, Visitor, launched

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# Marks of Django's language; translated blocks and comments go with what is in them.
BLOCKS = re.compile(
    r"{%\s*(blocktranslate|comment)\b.*?{%\s*end\1\s*%}"
    r"|{%\s*block body_class\s*%}.*?{%\s*endblock\s*%}|{%.*?%}|{{.*?}}|{#.*?#}",
    re.DOTALL,
)
READ_OUT = {"alt", "aria-label", "placeholder", "title", "label", "aria-description"}
# The house's own name is the same in every language.
NAMES = {"RxScale Scheduling"}
STYLE = {"style", "script"}


@pytest.fixture
def german(clinic: Clinic, clock: SetNow) -> Visitor:
    return launched(Shop(clinic, NOW).code("customer-de", **PROFILE, language="de-AT"))


def test_every_marked_text_is_in_the_catalogue_and_translated() -> None:
    stored = catalogue.stored()
    found = {(text.context, text.text) for text in catalogue.texts()}
    kept = {(message.context or "", catalogue.text_of(message)) for message in stored if message.id}

    assert len(found) > 150
    assert found - kept == set(), "make messages"
    assert kept - found == set(), "make messages"
    assert catalogue.untranslated(stored) == []
    assert [message.id for message in stored if message.fuzzy and message.id] == []


def test_a_translation_keeps_the_placeholders_of_its_text() -> None:
    wrong = []
    for message in catalogue.stored():
        originals, strings = catalogue.forms(message.id), catalogue.forms(message.string)
        for original, string in zip(originals, strings, strict=True):
            if message.id and set(PLACEHOLDER.findall(original)) != set(
                PLACEHOLDER.findall(string)
            ):
                wrong.append(original)

    assert wrong == []


def test_the_compiled_catalogue_is_the_one_that_is_written() -> None:
    with catalogue.MO.open("rb") as file:
        compiled = read_mo(file)

    def texts(messages: Catalog) -> dict[object, object]:
        return {
            (_read(each.context), *catalogue.forms(each.id)): catalogue.forms(each.string)
            for each in messages
            if each.id
        }

    assert texts(compiled) == texts(catalogue.stored()), "make messages"


def _read(context: object) -> str:
    """Babel reads contexts of compiled catalogues as bytes."""
    return context.decode() if isinstance(context, bytes) else str(context or "")


class Bare(HTMLParser):
    """Collects what a reader would see or hear of a page whose template language is taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.texts += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in STYLE:
            self.texts.append(data)


def bare_texts(source: str) -> Iterator[str]:
    reader = Bare()
    reader.feed(BLOCKS.sub("", source))
    for text in reader.texts:
        words = text.strip()
        if any(character.isalpha() for character in words) and words not in NAMES:
            yield words


def test_no_template_of_the_patients_pages_and_mails_holds_a_bare_text() -> None:
    paths = catalogue.templates()
    found = {path.name: list(bare_texts(path.read_text())) for path in paths}

    assert len(paths) > 25
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<p>{% translate "Hello" %} you</p>',
        '<img alt="A door">',
        "<p>{{ x }} left</p>",
    ],
)
def test_a_bare_text_is_seen(source: str) -> None:
    assert list(bare_texts(source))


def test_every_step_is_in_the_language_of_the_patient(german: Visitor, clinic: Clinic) -> None:
    """Whatever the browser would rather have."""
    german.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en-GB"

    page = german.choose().content.decode()
    assert '<html lang="de">' in page
    assert "Zu wem möchten Sie?" in page
    times = german.choose(doctor="any").content.decode()
    assert "März 2027" in times
    assert '<th scope="col" abbr="Montag">Mo</th>' in times
    assert "Zeitzone: Europa/Berlin, MEZ" in times
    german.hold(clinic.kind, START)
    details = german.client.get(f"/book/details/{german.held().uid}").content.decode()
    assert "Montag, 1. März 2027<br>15:00 Uhr (Europa/Berlin, MEZ)" in details
    assert "Für Sie reserviert bis 09:15 Uhr" in details
    assert "Vorname" in details
    refused = german.confirm(german.held(), first_name="").content.decode()
    assert "Bitte prüfen Sie diese Angaben" in refused
    german.confirm(german.held())
    done = german.client.get(f"/book/done/{german.held().uid}").content.decode()
    assert "Ihr Termin ist gebucht" in done
    assert "Sie können den Termin bis Montag, 1. März 2027, 14:00 Uhr" in done


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [("de-CH,de;q=0.9,en;q=0.5", "de"), ("fr-FR,fr;q=0.9", "en"), ("", "en"), ("\x00;;q=x", "en")],
)
def test_without_one_of_ours_the_browsers_language_counts(
    clinic: Clinic, clock: SetNow, monkeypatch: pytest.MonkeyPatch, wanted: str, spoken: str
) -> None:
    holder = LinkHolder(monkeypatch)
    holder.client.defaults["HTTP_ACCEPT_LANGUAGE"] = wanted
    visit = clinic.book(patient=make_patient(shop=clinic.shop, language="fr"))
    browser = Client(HTTP_ACCEPT_LANGUAGE=wanted)
    visitor = launched(Shop(clinic, NOW).code(), client=browser)

    for path in (path_of(visit), path_of(visit, "cancel"), "/visit/unknown"):
        assert f'<html lang="{spoken}">' in holder.get(path).content.decode()
    assert f'<html lang="{spoken}">' in visitor.choose().content.decode()
    assert (
        f'<html lang="{spoken}">'
        in Client(HTTP_ACCEPT_LANGUAGE=wanted).get("/book/choose").content.decode()
    )


def test_the_language_a_patient_books_in_is_the_one_they_are_written_to(
    clinic: Clinic, clock: SetNow
) -> None:
    """Where the shop names none: a message has no browser to ask."""
    visitor = launched(
        Shop(clinic, NOW).code(), client=Client(HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9")
    )
    visitor.hold(clinic.kind, START)
    visitor.confirm(visitor.held())

    visitor.patient.refresh_from_db()
    assert visitor.patient.language == "de"


def test_the_visits_page_is_german_throughout(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = LinkHolder(monkeypatch)
    visit = clinic.book(patient=make_patient(shop=clinic.shop, language="de"))

    assert "Termin absagen" in holder.text(path_of(visit))
    assert "Diesen Termin absagen?" in holder.text(path_of(visit, "cancel"))
    assert "Wann passt es Ihnen besser?" in holder.text(path_of(visit, "move"))
    calendar = holder.get(path_of(visit, "appointment.ics")).content.decode()
    assert f"SUMMARY:Sprechstunde bei {visit.doctor.display_name}" in calendar


def test_the_confirmation_is_german_and_the_doctors_mail_is_not(clinic: Clinic) -> None:
    clinic.book(patient=make_patient(shop=clinic.shop, language="de"))

    to_patient, to_doctor = (
        messages.render(Delivery.objects.get(recipient_group=group), NOW)
        for group in ("patient", "doctor")
    )
    assert to_patient.subject == "Ihr Termin ist bestätigt"
    assert "Dauer: 30 Minuten" in to_patient.text
    assert b"SUMMARY:Sprechstunde bei " in to_patient.attachments[0].content
    assert to_doctor.subject == "A new appointment has been booked"


def test_times_and_zones_are_told_in_the_languages_way() -> None:
    with translation.override("de"):
        assert in_words(START, "Europe/Berlin") == (
            "Montag, 1. März 2027, 15:00 Uhr (Europa/Berlin, MEZ)"
        )
        assert in_short(START, "America/New_York") == (
            "Mo, 1. März 2027, 09:00 Uhr (Amerika/New York, EST)"
        )
        assert zone_in_words("Africa/Cairo") == "Afrika/Kairo"
        assert zone_in_words("UTC") == "UTC"
    with translation.override("en"):
        assert zone_in_words("America/New_York") == "America/New_York"


def test_zones_are_offered_by_what_places_are_called_each_once() -> None:
    with translation.override("de"):
        regions = {region: dict(zones) for region, zones in zones_by_region("Asia/Calcutta")}

    assert regions["Afrika"]["Africa/Cairo"] == "Kairo"
    assert regions["Asien"]["Asia/Calcutta"] == "Kolkata"
    assert "Asia/Kolkata" not in regions["Asien"]
    for places in regions.values():
        assert len(set(places.values())) == len(places)


def test_the_staffs_portals_stay_english(db: None) -> None:
    page = Client(HTTP_ACCEPT_LANGUAGE="de").get("/accounts/login/").content.decode()

    assert '<html lang="en">' in page
