"""Password hashes; whose they are is for the store."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

# OWASP's second choice for argon2id: 19 MiB, 2 passes, 1 lane. A Lambda has one core to spend on it.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_of(password: str) -> str:
    """The argon2id hash of a password, salted, with its parameters."""
    return _HASHER.hash(password)


def matches(password: str, *, password_hash: str | None) -> bool:
    """Whether this is the password; without a hash it takes just as long to say no."""
    try:
        _HASHER.verify(password_hash or _nobody(), password)
    except VerificationError:
        return False
    return password_hash is not None


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")
