"""Every stack of one stage, in the order in which they need each other."""

from pathlib import Path

from aws_cdk import Annotations, App
from aws_cdk import aws_lambda as lambda_

from infra.stacks.api import Api
from infra.stacks.bundling import LAMBDA, Target, bundle, find_python
from infra.stacks.certificate import certificate_of
from infra.stacks.data import Data
from infra.stacks.firewall import firewall_of
from infra.stacks.gpu import Gpu
from infra.stacks.network import Network
from infra.stacks.observability import Observability
from infra.stacks.queues import Queues
from infra.stacks.settings import StageSettings
from infra.stacks.web import PAGE, Web


def compose(app: App, settings: StageSettings, *, code: lambda_.Code, page: Path = PAGE) -> None:
    """Add a stage's stacks to the app; `code` is what its functions run, `page` the folder of the built page."""
    network = Network(app, "network", settings=settings)
    data = Data(app, "data", settings=settings, network=network)
    queues = Queues(app, "queues", settings=settings)
    api = Api(app, "api", settings=settings, network=network, data=data, queues=queues, code=code)
    gpu = Gpu(app, "gpu", settings=settings, network=network, data=data, queues=queues)
    # An older `advance` cannot keep all that a newer worker reports: functions change before machines.
    gpu.add_stack_dependency(api)
    certificate, firewall = certificate_of(app, settings), firewall_of(app, settings)
    Web(app, "web", settings=settings, data=data, api=api, certificate=certificate, firewall=firewall, page=page)
    Observability(app, "observability", settings=settings, data=data, queues=queues, api=api)


def code_of(app: App, settings: StageSettings) -> lambda_.Code:
    """The bundle of a stage's functions; the app says so when it had to do without bytecode."""
    target = target_of(settings)
    if find_python(target.python) is None:
        advice = (
            f"No Python {target.python} on this machine, so the functions go without bytecode and start about a second"
            f" later. With one (uv python install {target.python}, pyenv, apt) the next deployment brings it."
        )
        Annotations.of(app).add_warning_v2("atelier:noBytecode", advice)
    return lambda_.Code.from_asset(str(bundle(target)))


def target_of(settings: StageSettings) -> Target:
    """The machine that a stage's functions run on."""
    emulator = settings.emulator
    if emulator is None:
        return LAMBDA
    return Target(python=emulator.python, machine=emulator.platform, boto_included=True)
