"""API keys: their shape, their digest, and what is refused before the database is asked."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.apikeys import ApiKey, matches, new_key, read_key, secret_digest

PEPPER = "a pepper for tests, long enough"


def test_a_fresh_key_is_read_back_and_matches_its_digest() -> None:
    key = new_key()
    assert read_key(key.text()) == key
    assert matches(key, secret_digest(key, PEPPER), PEPPER)


def test_a_key_fails_under_another_pepper_another_id_or_for_an_unknown_row() -> None:
    key = new_key()
    stored = secret_digest(key, PEPPER)
    assert not matches(key, stored, PEPPER + "!")
    assert not matches(ApiKey("another12345", key.secret), stored, PEPPER)
    assert not matches(key, None, PEPPER)


@given(st.integers(0, 70), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_mistyped_character_is_noticed_without_the_database(position: int, letter: str) -> None:
    text = new_key().text()
    position %= len(text)
    if text[position] == letter:
        return
    assert read_key(text[:position] + letter + text[position + 1 :]) is None


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_key(text) is None


def test_a_key_shows_no_secret_when_it_is_printed_by_accident() -> None:
    key = new_key()
    assert key.secret not in repr(key)
