"""Text messages stay in the GSM alphabet and within two segments."""

import pytest

from reminders.text_messages import Line, fitted, gsm_safe, septets


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Dr Müller-Løvås", "Dr Müller-Løvås"),
        ("Dr Łukasz Brzęczyszczykiewicz", "Dr Lukasz Brzeczyszczykiewicz"),
        ("São João – “Clínica”", 'Sao Joao - "Clinica"'),
        ("Praxis 🩺 Mitte", "Praxis  Mitte"),
        ("Доктор", ""),
        ("10 €", "10 €"),
    ],
)
def test_what_the_alphabet_lacks_is_replaced_or_left_out(text: str, safe: str) -> None:
    assert gsm_safe(text) == safe


def test_an_extended_character_counts_twice() -> None:
    assert septets("10 €") == 5


def test_lines_keep_their_order_and_empty_ones_vanish() -> None:
    assert fitted([Line("a"), Line("Доктор", rank=1), Line("", rank=2), Line("b")]) == "a\nb"


def test_the_least_important_lines_go_first() -> None:
    lines = [Line("x" * 150), Line("y" * 100, rank=1), Line("z" * 100, rank=2), Line("w", rank=3)]

    assert fitted(lines) == f"{'x' * 150}\n{'y' * 100}"


def test_exactly_two_segments_fit() -> None:
    assert fitted([Line("x" * 300), Line("y" * 5, rank=1)]).endswith("yyyyy")
    assert fitted([Line("x" * 300), Line("y" * 6, rank=1)]) == "x" * 300


def test_what_must_be_said_is_never_left_out() -> None:
    assert fitted([Line("x" * 400)]) == "x" * 400
