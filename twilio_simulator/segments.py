"""How many SMS parts a text takes; the simulator's own count, so that it can contradict Optin's."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def count(text: str) -> int:
    """Return the number of parts of `text`, at least 1.

    GSM 03.38: 160 septets alone or 153 per part, extension characters take two; anything else turns the whole text into
    UCS-2: 70 code units alone or 67 per part. A pair is never cut, it moves to the next part.
    """
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return _parts([2 if char in _EXTENDED else 1 for char in text], alone=160, part=153)
    return _parts([2 if ord(char) > 0xFFFF else 1 for char in text], alone=70, part=67)


def _parts(widths: list[int], alone: int, part: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, filled = 1, 0
    for width in widths:
        if filled + width > part:
            parts, filled = parts + 1, 0
        filled += width
    return parts
