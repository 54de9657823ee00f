"""`python -m tests all|fast|proofs [SELECTION]`: pytest with what belongs to each of these, in this process."""

import os
import sys

import pytest

from infra.local.setup.selection import arguments

# One process more than cores, for there is always one that waits for a server or another process; but no more than
# four, which take memory for a model each and gain nothing, since the longest folder stays with one of them.
_PROCESSES = min((os.cpu_count() or 1) + 1, 4)
_PARALLEL = ("-n", str(_PROCESSES), "--no-loadscope-reorder")
_OF = {
    "all": (),
    "fast": ("--fast",),
    "proofs": ("-m", "proof"),
}


def main(which: str, selection: str = "", *more: str) -> int:
    """The exit status of pytest. A selection runs in one process, so that a debugger and print work."""
    chosen = arguments(selection) if selection else [*_PARALLEL]
    return pytest.main([*_OF[which], *chosen, *more])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
