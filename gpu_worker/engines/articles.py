"""English articles: which names take "a", "an", "the" or none."""

# Names without "a": plurals are found by their ending, these are not.
_MASS = {
    "bread", "broccoli", "cheese", "chocolate", "coffee", "corn", "cutlery", "fire", "honey", "maize",
    "milk", "beer", "popcorn", "tea", "wine", "lightning", "fork and knife", "saturn", "bacon", "bowling",
    "butter", "champagne", "confetti", "coral", "dynamite", "garlic", "golf", "juice", "lemonade", "luggage",
    "meat on the bone", "noodle soup", "onigiri", "pasta", "ping pong", "poo", "ramen", "soap", "soda",
    "spaghetti", "sushi", "toilet paper", "wood",
}  # fmt: skip
_PLURAL_EXCEPT = ("us", "ss")
# A plural is plural in the noun before these: "stack of books" is one stack.
_AFTER_NOUN = (" of ", " with ", " behind ")


def with_article(bare: str, name: str) -> str:
    """Return a bare phrase ("red apple") of a name as it stands in a sentence."""
    noun = min((name.partition(word)[0] for word in _AFTER_NOUN), key=len)
    if name in _MASS or (noun.endswith("s") and not noun.endswith(_PLURAL_EXCEPT)):
        return bare
    if name in ("sun", "moon", "earth", "sea", "statue of liberty"):
        return f"the {bare}"
    return f"{'an' if bare[0] in 'aeiou' and not bare.startswith(('uni', 'ufo')) else 'a'} {bare}"
