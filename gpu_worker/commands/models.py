"""`python -m gpu_worker.models` copies models from their hubs: `sync` into a bucket, `fetch` onto this machine."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from contract import catalogue
from contract.catalogue import HubSource, Model, Profile
from gpu_worker import aws
from gpu_worker.weights import bucket, hub
from gpu_worker.weights.classifier import Classifier, labels_in
from gpu_worker.weights.sources import Say, SourceMissing, model_folder

_CACHE = Path.home() / ".cache" / "atelier" / "models"

Wanted = Model | Classifier


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; returns the exit code: 1 when a model could not be copied, 130 when stopped."""
    options = _parser().parse_args(arguments)
    copy: Callable[[Wanted], None] = options.copier(options)
    failed = 0
    for model in _chosen(options):
        try:
            copy(model)
        except (SourceMissing, Boto3Error, BotoCoreError, ClientError) as error:
            print(f"{model.id}: {error}", file=sys.stderr)
            failed += 1
        except KeyboardInterrupt:
            print("\nStopped. The same command goes on from here.", file=sys.stderr)
            return 130
    return 1 if failed else 0


def sync(s3: Any, model: Wanted, *, bucket_name: str, cache: Path) -> None:
    """Have one model of a hub in the bucket, by way of a folder here; a repeat copies what is missing."""
    say = _say(model)
    folder = model_folder(model, cache)
    paths = _download(model, into=folder, say=say)
    sent = bucket.push(s3, model, folder, paths, bucket=bucket_name, say=say)
    say(f"in s3://{bucket_name} ({len(paths)} files, {sent} of them new)")


def fetch(model: Wanted, *, models_dir: Path) -> None:
    """Have one model of a hub in the folder from which a worker on this machine loads it."""
    say, target = _say(model), model_folder(model, models_dir)
    if not target.is_dir():
        scratch = target.with_name(f".{target.name}.part")
        _download(model, into=scratch, say=say)
        scratch.rename(target)
    say(f"in {target}")


def _download(model: Wanted, *, into: Path, say: Say) -> list[str]:
    """A classifier's labels are shown as well: the operator says which of them count against a picture."""
    if not isinstance(model.source, HubSource):
        raise SourceMissing("comes with the worker itself")
    paths = hub.download(model, model.source, into=into, say=say)
    if isinstance(model, Classifier):
        say(f"tells apart {', '.join(labels_in(into))}")
    return paths


def _say(model: Wanted) -> Say:
    return lambda step: print(f"{model.id}: {step}", flush=True)


def _chosen(options: argparse.Namespace) -> list[Wanted]:
    """The classifier alone where it is all that is named."""
    classifiers: list[Wanted] = [options.classifier] if options.classifier else []
    return classifiers if classifiers and not options.model else [*classifiers, *_models(options)]


def _models(options: argparse.Namespace) -> list[Model]:
    known = [m for m in catalogue.load(options.profile).models if isinstance(m.source, HubSource)]
    if unknown := set(options.model) - {model.id for model in known}:
        there = f"it has {', '.join(model.id for model in known) or 'none'}"
        sys.exit(f"The profile {options.profile} has no model of a hub called {', '.join(sorted(unknown))}; {there}.")
    chosen = [model for model in known if not options.model or model.id in options.model]
    if not chosen:
        print(f"Every model of the profile {options.profile} comes with the worker itself: there is nothing to copy.")
    return chosen


def _syncing(options: argparse.Namespace) -> Callable[[Wanted], None]:
    s3 = aws.client("s3", endpoint_url=options.endpoint_url, region=None)
    return partial(sync, s3, bucket_name=options.bucket, cache=options.cache)


def _fetching(options: argparse.Namespace) -> Callable[[Wanted], None]:
    return partial(fetch, models_dir=options.home / "models")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.models", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="sync | fetch")
    command = commands.add_parser("sync", help="copy models from their hubs into the bucket of a deployment")
    command.add_argument("--bucket", required=True, help="the models bucket: an output of the stack `data`")
    command.add_argument("--cache", type=Path, default=_CACHE, help=f"where files are kept on the way ({_CACHE})")
    command.add_argument("--endpoint-url", help="another S3 than AWS")
    _choice(command, copier=_syncing)
    command = commands.add_parser("fetch", help="copy models from their hubs onto this machine, for its own worker")
    command.add_argument("--home", type=Path, default=Path(".atelier"), help="the home of the edition (.atelier)")
    _choice(command, copier=_fetching)
    return parser


def _choice(command: argparse.ArgumentParser, *, copier: Callable[[argparse.Namespace], Any]) -> None:
    command.add_argument("--profile", choices=get_args(Profile), default="gpu", help="whose models (gpu)")
    command.add_argument("--model", action="append", default=[], help="only this model; may be given more than once")
    about = "owner/name@commit of an image classifier that judges pictures; alone, it is all that is copied"
    command.add_argument("--classifier", type=_classifier, metavar="PIN", help=about)
    command.set_defaults(copier=copier)


def _classifier(pin: str) -> Classifier:
    try:
        return Classifier.parse(pin)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
