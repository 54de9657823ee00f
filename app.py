"""The entry of the CDK: every stage that the settings name."""

import sys

from aws_cdk import App

from infra.stacks.bundling import BundlingFailed
from infra.stacks.settings import SettingsInvalid, read_stages
from infra.stacks.stage import code_of, compose


def main() -> None:
    """Synthesize, or end with one line about what is wrong."""
    app = App()
    try:
        for settings in read_stages(app.node.get_all_context()):
            compose(app, settings, code=code_of(settings))
    except (SettingsInvalid, BundlingFailed) as error:
        sys.exit(str(error))
    app.synth()


main()
