"""The worker's code for each kind; which one serves a model is decided in `loading`."""
