"""The models of the catalogue: where their files come from, where they are, and which stay loaded."""
