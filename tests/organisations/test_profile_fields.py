"""What each profile field accepts, and the form it is stored in."""

import pytest

from organisations.profile_fields import Unusable, is_given, normalise, normalise_extra
from tests.factories import NOW


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("first_name", "  Mary\n Ann ", "Mary Ann"),
        ("last_name", "O’Neill-Đặng", "O’Neill-Đặng"),
        ("last_name", "x" * 200, "x" * 200),
        ("email", " Paula@Patients.Example ", "paula@patients.example"),
        ("phone", "030 901820", "+4930901820"),
        ("date_of_birth", "2000-02-29", "2000-02-29"),
        ("date_of_birth", "2027-03-02", "2027-03-02"),
        ("date_of_birth", "1897-01-01", "1897-01-01"),
        ("timezone", "Asia/Kathmandu", "Asia/Kathmandu"),
        ("language", "EN", "en"),
        ("language", "de_at", "de-AT"),
        ("language", "ZH-hant-tw", "zh-Hant-TW"),
        ("language", "es-419", "es-419"),
        ("language", "de-CH-1996", "de-CH-1996"),
    ],
)
def test_a_usable_value_is_normalised(field: str, value: str, stored: str) -> None:
    assert normalise(field, value, country="DE", now=NOW) == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "x" * 201),
        ("first_name", "a\0b"),
        ("first_name", "a\x1bb"),
        ("first_name", "\ud800"),
        ("first_name", 7),
        ("first_name", ["Paula"]),
        ("email", "paula"),
        ("email", "a@b.example, c@d.example"),
        ("email", "a@b.example\nBcc: c@d.example"),
        ("email", "x" * 250 + "@b.example"),
        ("phone", "call me"),
        ("phone", 49301234567),
        ("date_of_birth", "2027-03-03"),
        ("date_of_birth", "1896-12-31"),
        ("date_of_birth", "2001-02-29"),
        ("date_of_birth", "20010228"),
        ("date_of_birth", "2001-2-8"),
        ("date_of_birth", "２００１-02-28"),
        ("timezone", "Europe/Nowhere"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "europe/berlin"),
        ("language", "english"),
        ("language", "q9"),
        ("language", "en-"),
        ("language", "de-CH-1996-extended-more"),
        ("language", True),
    ],
)
def test_an_unusable_value_is_refused_and_not_repeated(field: str, value: object) -> None:
    with pytest.raises(Unusable) as refusal:
        normalise(field, value, country="DE", now=NOW)

    assert str(value) not in str(refusal.value)


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_null_and_blanks_are_not_given(value: object) -> None:
    assert not is_given(value)


@pytest.mark.parametrize("value", [0, False, "0", []])
def test_anything_else_is_given(value: object) -> None:
    assert is_given(value)


@pytest.mark.parametrize("value", ["gold", 7, 1.5, True, False])
def test_an_extra_field_is_a_text_a_number_or_a_truth(value: object) -> None:
    assert normalise_extra(value) == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**400, 2**53 + 1, "x" * 501, "\0", "\ud800", [], {}],
)
def test_an_extra_field_that_could_not_be_stored_is_refused(value: object) -> None:
    with pytest.raises(Unusable):
        normalise_extra(value)
