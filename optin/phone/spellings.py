"""The ways in which one phone's number is written: the one that is stored and sent to, and all others. Pure.

All numbers here are E.164. Stored is the form that carriers and Twilio want; numbers of an old numbering plan stay as
they are, since nobody can tell whether the phone moved along, but who leaves under one form leaves under both.

Sources: Mexico, IFT plan of 3 Aug 2019 (the 1 after +52 is gone); Brazil, Anatel resolution 553 (a 9 before mobile
numbers, 2012 to 2016; trunking radios, eight digits that begin with 7, were exempt); Argentina, ENACOM's plan (9 after
+54 from abroad, 15 after the area code inside the country); Vietnam, Ministry of Information and Communications (11 to
10 digits, 15 Sep 2018); Côte d'Ivoire, ARTCI (8 to 10 digits, 31 Jan 2021); Benin, ARCEP (01 in front, 30 Nov 2024).
"""

import re
from collections.abc import Iterator

_MEXICO = re.compile(r"\+521?([2-9]\d{9})")
_BRAZIL = re.compile(r"\+55([1-9]{2})(9?)([6-9]\d{7})")
_ARGENTINE_WITH_15 = re.compile(r"\+549?(?:(11)15(\d{8})|([23]\d{2})15(\d{7})|([23]\d{3})15(\d{6}))")
_ARGENTINE = re.compile(r"\+549?([123]\d{9})")
# Area codes of three digits; 11 has two, all others have four.
_ARGENTINE_AREA = re.compile(
    r"22[0135]|23[067]|249|26[01346]|280|266|29[14789]|336|34[1235]|348|35[138]|36[24]|37[069]|38[013578]"
)
_BENIN = re.compile(r"\+229(01)?([2-9]\d{7})")
_IVORY_COAST = re.compile(r"\+225(01|05|07)?([04-9]\d{7})")
_IVORIAN_OPERATORS = ("01", "01", "01", "01", "05", "05", "05", "07", "07", "07")
"""What was put in front of an old mobile number, by its second digit."""
_VIETNAM_OLD = re.compile(r"\+84(1\d{2})(\d{7})")
_VIETNAM_NEW = re.compile(r"\+84([3578]\d)(\d{7})")
_VIETNAMESE = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
_VIETNAMESE_OLD = {new: old for old, new in _VIETNAMESE.items()}


def canonical(number: str) -> str:
    """Return the form of a number (E.164) under which we store it and send to it."""
    if number.startswith("+52") and (found := _MEXICO.fullmatch(number)):
        return f"+52{found[1]}"
    if number.startswith("+55") and (found := _BRAZIL.fullmatch(number)):
        return number if found[3][0] == "7" and not found[2] else f"+55{found[1]}9{found[3]}"
    if number.startswith("+54") and (national := _argentine(number)):
        return f"+549{national}"
    return number


def others(number: str) -> tuple[str, ...]:
    """Return all other E.164 forms under which the same phone may be known, in this or an older numbering plan."""
    return tuple(dict.fromkeys(form for form in _forms(number) if form != number))


def same(number: str) -> tuple[str, ...]:
    """Return the other forms that are this very number, so that coming back under one is coming back under all."""
    return tuple(form for form in others(number) if canonical(form) == canonical(number))


def _forms(number: str) -> Iterator[str]:
    country = number[:3]
    if country == "+52" and (found := _MEXICO.fullmatch(number)):
        yield from (f"+52{found[1]}", f"+521{found[1]}")
    elif country == "+55" and (found := _BRAZIL.fullmatch(number)):
        yield from (f"+55{found[1]}9{found[3]}", f"+55{found[1]}{found[3]}")
    elif country == "+54" and (national := _argentine(number)):
        area = _argentine_area(national)
        yield from (f"+549{national}", f"+54{national}", f"+54{area}15{national[len(area) :]}")
    elif country == "+22":
        yield from _west_african(number)
    elif country == "+84":
        yield from _vietnamese(number)


def _argentine(number: str) -> str:
    """Return area code and subscriber's number, without 9 and 15; "" for what is no such number."""
    if found := _ARGENTINE.fullmatch(number):
        return found[1]
    with_15 = _ARGENTINE_WITH_15.fullmatch(number)
    return "".join(filter(None, with_15.groups())) if with_15 else ""


def _argentine_area(national: str) -> str:
    if national.startswith("11"):
        return national[:2]
    return national[:3] if _ARGENTINE_AREA.match(national) else national[:4]


def _west_african(number: str) -> Iterator[str]:
    if found := _BENIN.fullmatch(number):
        yield from (f"+22901{found[2]}", f"+229{found[2]}")
    elif found := _IVORY_COAST.fullmatch(number):
        operator = found[1] or _IVORIAN_OPERATORS[int(found[2][1])]
        yield from (f"+225{operator}{found[2]}", f"+225{found[2]}")


def _vietnamese(number: str) -> Iterator[str]:
    if (found := _VIETNAM_OLD.fullmatch(number)) and found[1] in _VIETNAMESE:
        yield f"+84{_VIETNAMESE[found[1]]}{found[2]}"
    elif (found := _VIETNAM_NEW.fullmatch(number)) and found[1] in _VIETNAMESE_OLD:
        yield f"+84{_VIETNAMESE_OLD[found[1]]}{found[2]}"
