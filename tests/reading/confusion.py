"""How labelled texts are read: `python -m tests.reading.confusion FILE...` prints the confusion table per label.

A file has one text a line, `label<TAB>text`, with the escapes \\n, \\t, \\uXXXX, \\UXXXXXXXX. The labels: `optout` ends
consent at once, `hold` is decided by a person, `near` is marked as a near miss, `ordinary` is a message (at most marked
near), `help`, `start`, `optin:<keyword>`, and `debatable` for what may be read either way. Read with the keyword
`volunteer` and its alias `vol`.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from optin.enums import Meaning
from optin.reading.words import Reading, read

KEYWORDS = frozenset({"volunteer", "vol"})
TEXTS = Path(__file__).parent / "texts"
OUTCOMES = ("optout", "hold", "near", "ordinary", "help", "start", "yes", "optin", "stop one")
_ESCAPE = re.compile(r"\\(n|t|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_OUTCOMES = {
    Meaning.OPT_OUT: "optout",
    Meaning.OPT_OUT_KEYWORD: "stop one",
    Meaning.HELP: "help",
    Meaning.START: "start",
    Meaning.YES: "yes",
    Meaning.KEYWORD: "optin",
}


def labelled(*files: Path) -> Iterator[tuple[str, str]]:
    """Yield (label, text) of each line of the files."""
    for file in files:
        for line in file.read_text(encoding="utf-8").split("\n"):
            label, tab, text = line.partition("\t")
            if tab and not line.startswith("#"):
                yield label, _ESCAPE.sub(_unescaped, text)


def reading_of(text: str) -> Reading:
    """Read a text where `volunteer` and `vol` are active."""
    return read(text, keywords=KEYWORDS, known_keywords=KEYWORDS)


def outcome(reading: Reading) -> str:
    """Return the column of the table that a reading falls into."""
    if reading.meaning is not Meaning.ORDINARY:
        return _OUTCOMES[reading.meaning]
    return "hold" if reading.hold else "near" if reading.near_keyword else "ordinary"


def _unescaped(found: re.Match[str]) -> str:
    code = found.group(1)
    return {"n": "\n", "t": "\t"}.get(code) or chr(int(code[1:], 16))


def _table(counted: Counter[tuple[str, str]]) -> Iterator[str]:
    labels = sorted({label for label, _ in counted})
    columns = [column for column in OUTCOMES if any(counted[label, column] for label in labels)]
    yield "| label | texts | " + " | ".join(columns) + " |"
    yield "|---|---:|" + "---:|" * len(columns)
    for label in labels:
        counts = [counted[label, column] for column in columns]
        yield f"| {label} | {sum(counts)} | " + " | ".join(map(str, counts)) + " |"


def main(arguments: list[str]) -> None:
    """Print the table of the named files (all of tests/reading/texts without any); -v prints what is read otherwise."""
    files = [Path(name) for name in arguments if name != "-v"] or sorted(TEXTS.glob("*.tsv"))
    counted: Counter[tuple[str, str]] = Counter()
    for label, text in labelled(*files):
        found = outcome(reading_of(text))
        counted[label, found] += 1
        if "-v" in arguments and found not in (label, label.partition(":")[0]) and label != "debatable":
            print(f"{label} -> {found}: {text!r}")
    print("\n".join(_table(counted)))


if __name__ == "__main__":
    main(sys.argv[1:])
