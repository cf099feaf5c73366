"""The inbox starts from the same people and texts as the record pages."""

from tests.people.conftest import noor, text, volunteer

__all__ = ["noor", "text", "volunteer"]
