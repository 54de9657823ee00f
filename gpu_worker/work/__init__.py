"""What becomes of a task: whether it may be computed, in which batch, and how its outputs are delivered."""
