"""The version of Atelier, which the API, its document and the page show; CHANGELOG.md says what each one brought."""

VERSION = "0.1.0"
