"""The demo image model: its training, its weights and how to load them."""
