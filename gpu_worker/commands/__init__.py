"""What an operator calls: `prepare`, `doctor`, and the copying of models."""
