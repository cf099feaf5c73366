"""Look at a page of Chromium: axe finds nothing, and nothing scrolls sideways.

With `OPTIN_SCREENSHOTS=folder` the pictures are written there: `make pictures` does that for the README and the guide.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (1320, 768, 360)
FOR_AXE = (1320, 360)  # what is shown at 768 is shown at one of these
HEIGHT = 860
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Colours change nothing but contrast.
AXE: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
TOO_WIDE = """[...document.querySelectorAll('main *')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 4).map((part) => part.outerHTML.slice(0, 120))"""


def faults(page: Page, name: str) -> list[str]:
    """Look at the open page in every width and both colours, and say what is wrong; its pictures are called `name`."""
    return [fault for width in WIDTHS for scheme in SCHEMES for fault in _faults_at(page, name, width, scheme)]


def _faults_at(page: Page, name: str, width: int, scheme: Literal["light", "dark"]) -> Iterator[str]:
    """Say what is wrong with the open page at this width and in these colours, and take its picture if wanted."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"at {width} the page is {wide} wide: {page.evaluate(TOO_WIDE)}"
    if width in FOR_AXE:
        found: Any = Axe().run(page, options=AXE[scheme])
        for violation in found.response["violations"]:
            where = [node["html"][:150] for node in violation["nodes"][:3]]
            yield f"at {width} {scheme}: {violation['help']}: {where}"
    if folder := os.environ.get("OPTIN_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True, animations="disabled")
