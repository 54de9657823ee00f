"""Pictures as files and bytes: decoded apart from the worker, brought to size, encoded with their origin."""
