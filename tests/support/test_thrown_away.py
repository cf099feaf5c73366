"""What counts as a refusal that is thrown away, and what does not."""

import ast

import pytest

from tests.support.thrown_away import thrown_away

CORE = """
def save(name: str) -> Refused | None: ...
def read(text: str) -> str | Refused: ...
def send(text: str) -> "Message | Refused": ...
async def fetch() -> Refused | None: ...
def tell(refused: Refused) -> None: ...
def count() -> int: ...
class Store:
    def put(self) -> Refused | None: ...
"""
DOOR = "from app.core import save"
THROWN_AWAY = (
    "from app import core\ncore.save('a')",
    "from app import core as records\nrecords.read('a')",
    "from app.core import send\nsend('a')",
    "from app.core import send as post\nwith suppress(OSError):\n    post('a')",
    "import app.core\napp.core.save('a')",
    "import app.core as core\ncore.save('a')",
    "from app import door\ndoor.save('a')",
    "from app.door import save\nsave('a')",
    "def act() -> None:\n    from app.core import save\n    save('a')",
    "from app import core\nasync def act() -> None:\n    await core.fetch()",
    "from app import core\n_ = core.save('a')",
    "def own() -> Refused | None: ...\nown()",
    "store.put()",
    "Store().put()",
)
LOOKED_AT = (
    "from app import core\nrefused = core.save('a')",
    "from app import core\nif core.save('a'):\n    pass",
    "from app import core\ndone(core.save('a'))",
    "from app import core\nassert core.save('a') is None",
    "from app import core\ndef act() -> Refused | None:\n    return core.save('a')",
    "from app import core\ncore.tell(refused)\ncore.count()",
    "from app import other\nother.save('a')",
    "session.save('a')",
    "_, refused = 1, core.save('a')",
)


def found(source: str) -> list[str]:
    modules = {"app.core": CORE, "app.door": DOOR, "app.page": source}
    return thrown_away({name: ast.parse(text) for name, text in modules.items()})


@pytest.mark.parametrize("source", THROWN_AWAY)
def test_each_way_to_throw_a_refusal_away_is_seen(source: str) -> None:
    assert found(source) == [f"app.page:{source.count(chr(10)) + 1}"]


@pytest.mark.parametrize("source", LOOKED_AT)
def test_a_refusal_that_is_looked_at_is_let_through(source: str) -> None:
    assert found(source) == []
