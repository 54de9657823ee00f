"""The queues as a worker uses them: what is in flight, how it is received, reported about and released."""
