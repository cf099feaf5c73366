"""Whether the signs of a text beyond ASCII stand where Western European texts have them."""

_USUAL = frozenset("äöüßéèêëàáåøñçíóúãõ")
_RARE = frozenset("æâìîïòôùûýœšžªº")
_CAPITALS = frozenset(sign.upper() for sign in _USUAL | _RARE if sign.upper() != sign and len(sign.upper()) == 1)
_OPENING = frozenset("‘“„«¿¡")
_CLOSING = frozenset("”»")
_BESIDE = frozenset("–—…€£©®™•°§²³\xa0")


def share(text: str) -> float:
    """Return which part of the signs beyond ASCII is in its place, 0 to 1, usual ones counting more than rare ones.

    The wrong encoding shows itself by capitals and marks within words (Jos‚, MÅller), and by words of accents alone.
    """
    places = [place for place, sign in enumerate(text) if not sign.isascii()]
    padded = f" {text} "
    return sum(_fit(*padded[place : place + 3]) for place in places) / len(places) if places else 0.0


def _fit(before: str, sign: str, after: str) -> float:
    """Return how well a sign fits between its neighbours, 0 to 1."""
    if sign in _USUAL or sign in _RARE or sign in _CAPITALS:
        return _letter(before, sign, after)
    if sign in _OPENING:
        return 1.0 if not before.isalnum() and after.isalnum() else 0.0
    if sign in _CLOSING:
        return 1.0 if not before.isspace() and not after.isalpha() else 0.0
    if sign == "’":
        return 1.0 if before.isalpha() else 0.0
    return 0.9 if sign in _BESIDE and not (before.isalpha() or after.isalpha()) else 0.0


def _letter(before: str, sign: str, after: str) -> float:
    beside = [sign for sign in (before, after) if sign.isalpha()]
    if beside and not any(other.isascii() for other in beside):
        return 0.0
    if sign in _CAPITALS:
        within = before.isalpha() and (before.islower() or after.islower())
        return 0.0 if within else 0.8
    if after.isupper() and after.isalpha():
        return 0.0
    begins = not before.isalpha() and after.isalpha()
    return (1.0 if sign in _USUAL else 0.7) - (0.3 if begins or before.isupper() else 0.0)
