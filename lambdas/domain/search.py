"""What somebody types into the search, made fit for PostgreSQL's `websearch_to_tsquery`."""

import re

_MINUSES = re.compile(r"^-+")


def fit(wanted: str) -> str:
    """The words to search for, each left out by one minus sign at most.

    A minus sign negates what follows it, so that each further one nests the query deeper, up to the server's limit.
    """
    words = [_MINUSES.sub("-", word) for word in wanted.split() if word.strip("-")]
    return " ".join(words)
