"""Sets up `.venv`, Node, the web build and the CDK, each once; runs on a bare Python and starts nothing that lasts.

Called by the Makefile before anything is installed, so it imports nothing outside the standard library.
"""

import argparse
import os
import sys

from infra.local.setup.programs import ROOT, WEB, cdk, npm
from infra.local.setup.running import SetupFailed, set_up
from infra.local.setup.selection import needs
from infra.local.setup.stages import SETS


def main() -> int:
    """Set up what a command or `tests …` needs; `npm …` calls npm in web/, `cdk …` the CDK."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*SETS, "tests", "npm", "cdk"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.what in {"npm", "cdk"}:
        command = npm(*options.arguments) if options.what == "npm" else cdk(*options.arguments)
        os.chdir(WEB if options.what == "npm" else ROOT)
        os.execv(command[0], command)  # noqa: S606 - a fixed program, and its exit status is ours
    try:
        set_up(SETS[needs(" ".join(options.arguments)) if options.what == "tests" else options.what])
    except SetupFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Running the same command again goes on from here.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
