"""The simulator's own count of SMS parts, against Twilio's calculator (sms-segments-calculator 1.2.0)."""

import pytest

from twilio_simulator import segments

FAMILY, FLAG = "👨‍👩‍👧", "🇺🇸"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        ("a" * 1600, 11),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 304 + "€", 2),
        ("a" * 305 + "€", 3),
        ("ç" + "a" * 69, 1),
        ("ç" + "a" * 70, 2),
        ("ç" + "a" * 133, 2),
        ("ç" + "a" * 134, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
        ("ç" + "a" * 65 + "😀" + "a" * 66, 3),
        (FAMILY * 9, 2),
        (FLAG * 17, 1),
        (FLAG * 18, 2),
        ("a" * 159 + "’", 3),
        ("\r\n" * 80, 1),
        ("\r\n" * 81, 2),
        ("`", 1),
        ("`" + "a" * 70, 2),
    ],
)
def test_count(text, parts):
    assert segments.count(text) == parts
