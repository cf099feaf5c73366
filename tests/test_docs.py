"""The docs lead where they say: each link between them, and each file of the code that they name, is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
FILE = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:py|html|sql))`|`((?:optin|tests|twilio_simulator|static)(?:/[\w-]+)+/?)`")
OF_THEN = {ROOT / "CHANGELOG.md"}
"""What it names may be gone since."""


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(ROOT)))
def test_links_and_files(doc: Path) -> None:
    text = doc.read_text()
    named = [] if doc in OF_THEN else [file or folder for file, folder in FILE.findall(text)]
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / "optin" / name).exists())] == []
    assert [link for link in LINK.findall(text) if not (doc.parent / link).exists()] == []


def test_each_decision_has_a_number_of_its_own() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [path.name[:4] for path in decisions] == numbers
    assert [path.read_text().split(".")[0] for path in decisions] == [f"# {int(number)}" for number in numbers]
