"""The models' files: where they come from, where they are on this machine, and which models stay loaded."""
