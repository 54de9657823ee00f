"""The entry of the CDK: every stage that the settings name, checked against the AwsSolutions rules."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.stacks.bundling import BundlingFailed
from infra.stacks.settings import SettingsInvalid, read_stages
from infra.stacks.stage import code_of, compose
from infra.stacks.web import PageMissing


def main() -> None:
    """Synthesize, or end with one line about what is wrong."""
    app = App()
    try:
        for settings in read_stages(app.node.get_all_context()):
            compose(app, settings, code=code_of(app, settings))
    except (SettingsInvalid, BundlingFailed, PageMissing) as error:
        sys.exit(str(error))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


main()
