"""The demo gallery: pipelines written for this project, and the program that makes and runs them by the public API."""
