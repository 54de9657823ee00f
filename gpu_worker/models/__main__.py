"""`python -m gpu_worker.models` copies models from their hubs; how is for `commands.models`."""

import sys

from gpu_worker.commands.models import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
