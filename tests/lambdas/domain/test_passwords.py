"""Passwords are hashed slowly, salted, and compared whole."""

from lambdas.domain import passwords


def test_a_password_matches_its_hash_alone() -> None:
    hashed = passwords.hash_of("correct horse battery")
    assert passwords.matches("correct horse battery", password_hash=hashed)
    assert not passwords.matches("correct horse batterz", password_hash=hashed)
    assert not passwords.matches("", password_hash=hashed)


def test_nobody_s_password_never_matches() -> None:
    assert not passwords.matches("the password of nobody", password_hash=None)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert passwords.hash_of("correct horse battery") != passwords.hash_of("correct horse battery")
