"""North American area codes and all time zones that their numbers may be in. Pure.

A number tells its area code and no more: it may have been ported from one end of the area to the other, or be of an
overlay, which serves the same area.
"""

from collections.abc import Mapping

COUNTRY = "1"
AREA_CODE = 3

# Overlays of areas that lie in several zones, by the area code that they lie over: tables of prefixes know one zone of
# them, or nothing yet. Source: North American Numbering Plan Administrator, overlays in service
# (https://www.nanpa.com), and the Canadian Numbering Administrator (https://www.cnac.ca), as of 2026.
OVERLAYS = {
    "236": "250",
    "257": "250",
    "364": "270",
    "367": "418",
    "448": "850",
    "458": "541",
    "581": "418",
    "672": "250",
    "729": "423",
    "778": "250",
    "879": "709",
    "930": "812",
    "986": "208",
}


def zones_by_area_code(prefixes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the names of all time zones that the numbers of each area code may be in, sorted.

    `prefixes` are the zones by the first digits of numbers, with the country code and without "+", as fine as they are
    known. What is shorter than an area code says nothing of a place and is left out.
    """
    found: dict[str, set[str]] = {}
    for prefix, zones in prefixes.items():
        area = prefix[len(COUNTRY) : len(COUNTRY) + AREA_CODE]
        if prefix.startswith(COUNTRY) and len(area) == AREA_CODE:
            found.setdefault(area, set()).update(zones)
    for overlay, below in OVERLAYS.items():
        if below in found:
            found[below] |= found.get(overlay, set())
            found[overlay] = found[below]  # one set for all that share the area
    return {area: tuple(sorted(zones)) for area, zones in found.items()}
