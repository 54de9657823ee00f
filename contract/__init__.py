"""What the API, the event handlers and the workers agree on; it touches no database, queue or model."""
