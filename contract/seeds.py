"""Seeds: how one run seed gives every output its own, so that a run can be repeated exactly."""

import hashlib
import secrets

from contract.limits import MAX_SEED


def random_run_seed() -> int:
    """A run seed in 0 … 2^53 − 1."""
    return secrets.randbelow(MAX_SEED + 1)


def output_seed(run_seed: int, *, step: str, k: int) -> int:
    """The seed of output `k` of a step: the first 8 bytes of SHA-256("{run_seed}:{step}:{k}"), mod 2^53."""
    digest = hashlib.sha256(f"{run_seed}:{step}:{k}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (MAX_SEED + 1)
