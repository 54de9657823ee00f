"""What the worker runs on: hardware, memory and the log."""
