"""Where `python -m gpu_worker.models` starts; its code is `commands.models`."""
