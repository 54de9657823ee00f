"""`python -m infra.local COMMAND`: the one-machine edition's commands, with every refusal as one clear sentence."""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from infra.local.home import Refused
from infra.local.settings import Settings


def main() -> int:
    """Run one command; returns the process's exit status."""
    options = _arguments()
    try:
        _run(options, Settings())
    except Refused as refused:
        sys.stderr.write(f"\n{refused}\n")
        return 1
    except ValidationError as invalid:
        for error in invalid.errors():
            name = "_".join(["ATELIER", *map(str, error["loc"])]).upper()
            sys.stderr.write(f"{name}: {error['msg']} (given: {error['input']!r})\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="the whole product, until Ctrl-C")
    commands.add_parser("dev", help="the same, with everything reloading when its sources change")
    backup = commands.add_parser("backup", help="database, media and secrets into one archive")
    backup.add_argument("archive", nargs="?", type=Path)
    restore = commands.add_parser("restore", help="an archive into an empty home")
    restore.add_argument("archive", type=Path)
    seed = commands.add_parser("seed", help="the demo gallery, through the API of any deployment")
    seed.add_argument("--api", required=True, help="for example http://localhost:8000")
    identity = seed.add_mutually_exclusive_group(required=True)
    identity.add_argument("--key", help="an API key of the account that shall own the gallery")
    identity.add_argument("--home", type=Path, help="the home whose account `atelier` owns it")
    return parser.parse_args()


def _run(options: argparse.Namespace, settings: Settings) -> None:
    match options.command:
        case "run" | "dev":
            from infra.local import supervisor

            supervisor.run(settings, dev=options.command == "dev")
        case "backup":
            from infra.local import archive

            archive.backup(settings, options.archive)
        case "restore":
            from infra.local import archive

            archive.restore(settings, options.archive)
        case "seed":
            from infra.local.seed import planting

            planting.seed(options.api, key=options.key, home=options.home)


if __name__ == "__main__":
    sys.exit(main())
