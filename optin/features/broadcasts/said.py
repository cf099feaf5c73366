"""Sentences about broadcasts that several of their pages say."""

from optin.web.filters import plural


def of_people(people: int | None) -> str:
    """Say that it is being sent to so many; None: they are not counted yet."""
    if people is None:
        return "The messages are being prepared. Sending begins by itself when all of them are ready."
    return f"Sending to {plural(people, 'person', 'people')}."
