"""Fill merge fields into a message text, and say what is wrong with a text before it is sent.

The one syntax is `{{ first_name }}`, or `{{ first_name | there }}` with the text to use where the person has none.
Nothing is evaluated: fields are replaced once, and braces inside a value stay as they are.
"""

import re
from collections.abc import Collection, Iterator, Mapping

FIELDS = ("first_name", "last_name", "company", "brand")
"""The fields that every message to a person may use."""

_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_SINGLE = re.compile(r"(?<!\{)\{\s*(\w+)[^{}]*\}(?!\})")

# Stands for a field without value until the spaces around it are closed up; it can't be part of a stored text.
_BLANK = "\0"
_BLANK_AT_START = re.compile(r"^(?:\0\s*)+")
_BLANK_BEFORE_MARK = re.compile(r"[ \0]*\0 *(?=[,.;:!?\r\n]|$)")
_BLANK_AFTER_SPACE = re.compile(r"(?<=[\s(])(?:\0 *)+")

_REQUEST = re.compile(
    r"\b(?P<verb>reply|respond|answer|text|txt|send|write|type)(?: back)?(?: us| me)?(?: with)?(?: the word)?:? +"
    r"(?P<words>[\"'“‘«]?\w+[\"'”’»]?(?:(?: *[,/] *| +or +)[\"'“‘«]?\w+[\"'”’»]?)*)(?P<rest>[^.!?;\r\n]*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"([\"'“‘«]?)(\w+)")
_MESSAGES = r"\b.*\b(?:texts?|texting|messages?|msgs?|alerts?|sms|list)\b"
_OPT_OUT_PURPOSE = re.compile(
    r"\b(?:opt(?:ing)?[ -]?out|unsubscribe|unsub|no more|remove me|be removed)\b"
    r"|\bto +(?:stop|end|quit|leave|cancel) *(?=,|$)"
    r"|\b(?:stop|stopping|end|quit|leave|cancel|not get|not receive)" + _MESSAGES,
    re.IGNORECASE,
)
_START_PURPOSE = re.compile(
    r"\b(?:re-?subscribe|resume|rejoin|opt[ -]?(?:back )?in|unblock)\b|\b(?:start|get|receive|allow)" + _MESSAGES,
    re.IGNORECASE,
)
_HELP_PURPOSE = re.compile(r"\b(?:help|info|information|support|assistance)\b", re.IGNORECASE)
_NO_PURPOSE = re.compile(r"(?!)")
_STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT"})

_OPT_OUT = "“{}” means opt-out: anyone who replies with it gets no more messages. Ask for another word."
_START = "“{}” means that a person wants texts again, so it does not reach you as an answer. Ask for another word."
_YES = "“{}” means that a person wants texts again, and confirms a double opt-in that is open. Ask for another word."
_HELP = "“{}” is answered with the help text. Ask for another word."

# The words that Twilio and the app take for themselves: (what to say, purposes that make the word the right one).
_TAKEN: dict[str, tuple[str, re.Pattern[str]]] = (
    dict.fromkeys([*_STOP_WORDS, "CANCEL", "END", "QUIT", "REVOKE"], (_OPT_OUT, _OPT_OUT_PURPOSE))
    | dict.fromkeys(["START", "UNSTOP"], (_START, _START_PURPOSE))
    | {"YES": (_YES, _NO_PURPOSE)}
    | dict.fromkeys(["HELP", "INFO"], (_HELP, _HELP_PURPOSE))
)


def render(template: str, fields: Mapping[str, str]) -> str:
    """Return `template` with the values of `fields` in the place of the merge fields.

    A field that is missing or blank becomes its default, else nothing, and the spaces that this leaves are closed up.
    White space inside a value becomes single spaces. Everything outside the fields stays as typed.
    """

    def value(match: re.Match[str]) -> str:
        name, default = _parts(match)
        found = fields.get(name, "").replace(_BLANK, "")
        return " ".join(found.split()) or default or _BLANK

    text = _FIELD.sub(value, template.replace(_BLANK, ""))
    if _BLANK not in text:
        return text
    text = _BLANK_BEFORE_MARK.sub("", _BLANK_AT_START.sub("", text))
    return _BLANK_AFTER_SPACE.sub("", text).replace(_BLANK, "")


def names(template: str) -> set[str]:
    """Return the names of the merge fields of a text, known or not."""
    return {_parts(match)[0] for match in _FIELD.finditer(template)}


def without_default(template: str) -> list[str]:
    """Return the names of the merge fields that stand in a text without a default, each once, in its order."""
    parts = (_parts(match) for match in _FIELD.finditer(template))
    return list(dict.fromkeys(name for name, default in parts if not default))


def empty_in(template: str, fields: Mapping[str, str]) -> list[str]:
    """Return the names of the merge fields of a text in whose place nothing would stand."""
    return [name for name in without_default(template) if not fields.get(name, "").replace(_BLANK, "").strip()]


def with_default(template: str, name: str, default: str) -> str:
    """Return a text in which a merge field has a default wherever it had none; a blank one changes nothing.

    Braces are left out of it, and space becomes single spaces.
    """
    cleaned = " ".join(re.sub(r"[{}\0]", "", default).split())

    def written(match: re.Match[str]) -> str:
        found, before = _parts(match)
        return f"{{{{ {name} | {cleaned} }}}}" if found == name and not before else match[0]

    return _FIELD.sub(written, template) if cleaned else template


def problems(template: str, known: Collection[str] = FIELDS) -> list[str]:
    """Return a sentence for each mistake that must be put right before sending; `known` are the names of fields."""
    found = [sentence for match in _FIELD.finditer(template) for sentence in _field_problems(match, known)]
    rest = _FIELD.sub("", template)
    if "{{" in rest:
        found.append("A merge field that begins with “{{” is not closed with “}}”.")
    elif "}}" in rest:
        found.append("A merge field that ends with “}}” does not begin with “{{”.")
    for match in _SINGLE.finditer(rest):
        if match[1] in known:
            found.append(f"Write “{{{{ {match[1]} }}}}” with two braces on each side.")
    return list(dict.fromkeys(found))


def warnings(template: str, meant: Collection[str] = ()) -> list[str]:
    """Return a sentence for each word that the text asks people to send, but that means something else.

    "Reply YES" or "text CANCEL to cancel your seat" would be taken as START and STOP. "Reply STOP to opt out", "HELP
    for help" and "START to resubscribe" are instructions that use the words as they are meant. Source of the words:
    Twilio's default STOP, START and HELP words. `meant`: words (upper case) that the text may ask for.
    """
    return list(dict.fromkeys(_warnings(_FIELD.sub("", template), meant)))


def _parts(match: re.Match[str]) -> tuple[str, str]:
    """Return the name of a merge field and its default, "" where it has none."""
    name, _, default = match[1].partition("|")
    return name.strip(), default.strip()


def _field_problems(match: re.Match[str], known: Collection[str]) -> Iterator[str]:
    """Say what is wrong inside one pair of braces."""
    name, default = _parts(match)
    if not name:
        yield "A merge field is empty: write a name between “{{” and “}}”."
    elif name not in known:
        yield f"There is no merge field “{name}”. Use one of these: {', '.join(known)}."
    if default[:1] in {'"', "'", "“", "‘"}:
        yield f"Write the default of “{name}” without quotation marks: they would be sent too."


def _warnings(text: str, meant: Collection[str]) -> Iterator[str]:
    """Find the requests in a text and yield what is to be said of them."""
    for request in _REQUEST.finditer(text):
        for quote, word in _WORD.findall(request["words"]):
            upper = word.upper()
            if upper in meant or upper not in _TAKEN or not (quote or word.isupper() or _plainly_asked(request)):
                continue
            sentence, purpose = _TAKEN[upper]
            if not purpose.search(request["rest"]) and not _complete(upper, request["rest"]):
                yield sentence.format(upper)


def _plainly_asked(request: re.Match[str]) -> bool:
    """Tell whether a word in small letters is what to send, as in "reply yes to come", not part of a sentence."""
    next_word = request["rest"].strip(" ,)").partition(" ")[0].casefold()
    return request["verb"].casefold() != "send" and next_word in {"", "to", "for", "if", "when", "by", "and", "now"}


def _complete(word: str, rest: str) -> bool:
    """Tell whether the word explains itself without a purpose: "Reply STOP", "Reply HELP"."""
    return word in _STOP_WORDS | {"HELP"} and not re.match(r" *(?:to|for|if|when)\b", rest, re.IGNORECASE)
