"""Yes and no in the words of five languages, and what stands for them in tables."""

from unicodedata import combining, normalize

_YES = ("yes y true t 1 x on ok checked selected ✓ ✔ ☑", "ja j wahr", "oui o vrai", "si s verdadero", "sim verdadeiro")
_NO = ("no n false f 0 off unchecked unselected ✗ ✘ ☐", "nein falsch", "non faux", "falso", "nao")
_MEANING = {word: words is _YES for words in (_YES, _NO) for language in words for word in language.split()}


def yes_no(cell: str) -> bool | None:
    """Return what a cell answers: True for yes, False for no, None for anything else and for nothing."""
    parts = normalize("NFKD", cell.strip().casefold().removesuffix(".0"))
    word = "".join(sign for sign in parts if not combining(sign)).strip(" .![]()")
    return _MEANING.get(word)
