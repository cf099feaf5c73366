"""Makes the pictures of the README and the guide from those that test_screens.py took: `make pictures`."""

import sys
from pathlib import Path

from PIL import Image

TALLEST = 1000  # pixels; what comes below is more of the same
COLOURS = 96
WIDE = (1320, "light")
# The screens that are shown, with the width and the colours to show them in.
SHOWN = {
    "home": WIDE,
    "keyword-new": WIDE,
    "keyword": WIDE,
    "keyword-share": WIDE,
    "keyword-poster": WIDE,
    "opt-in": WIDE,
    "campaign-empty": WIDE,
    "add-opt-ins": WIDE,
    "campaign": WIDE,
    "broadcast-sending": WIDE,
    "contact": WIDE,
    "contact-refused": WIDE,
    "contact-edit": WIDE,
    "import": WIDE,
    "inbox-thread": WIDE,
    "review": WIDE,
    "settings": WIDE,
    "phones": WIDE,
}
NARROW = {"home": (360, "light"), "contact": (360, "dark")}


def main() -> None:
    """Write the chosen pictures, cut and with few colours, from the first folder to the second."""
    taken, written = Path(sys.argv[1]), Path(sys.argv[2])
    written.mkdir(parents=True, exist_ok=True)
    for name, (width, scheme) in SHOWN.items():
        shrink(taken / f"{name}-{width}-{scheme}.png", written / f"{name}.png")
    for name, (width, scheme) in NARROW.items():
        shrink(taken / f"{name}-{width}-{scheme}.png", written / f"{name}-narrow.png")


def shrink(source: Path, target: Path) -> None:
    """Cut a picture at its foot and keep the colours that it needs: drawn screens need few."""
    with Image.open(source) as picture:
        part = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, TALLEST)))
        part.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
