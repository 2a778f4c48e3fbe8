"""Which language a patient's page speaks: the patient's own, else the browser's, else English."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.utils import translation

from organisations.models import Patient


def language_for(request: HttpRequest, patient: Patient | None = None) -> str:
    """One of settings.LANGUAGES; the browser says its own by `Accept-Language`."""
    spoken = spoken_by(patient) if patient else ""
    return spoken or translation.get_language_from_request(request)


def spoken_by(patient: Patient) -> str:
    """The patient's language as far as we speak it (`de-AT` is `de`), else blank."""
    try:
        return translation.get_supported_language_variant(patient.language)
    except LookupError:
        return ""


@contextmanager
def speaking_to(request: HttpRequest, patient: Patient | None = None) -> Iterator[None]:
    """Every text inside the block, the page's `lang`, and what is said if it fails, is in that language."""
    request.LANGUAGE_CODE = language_for(request, patient)
    with translation.override(request.LANGUAGE_CODE):
        yield
