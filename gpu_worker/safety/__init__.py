"""What a worker refuses to make: prompts by the operator's list, pictures by a classifier."""
