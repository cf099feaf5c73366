"""Whether a phrase that would ask to stop is only part of a question, or said of others. Pure.

"Will I stop getting texts?" asks what happens; "will you stop texting me?" asks us to stop, and "who is this, stop
texting me" does so after a question. Only a phrase that hangs on the verb of a question belongs to it.
"""

import re

_THING = r"(?:my|our|your|his|her|their|the|these|those|some|all|most|any|other)(?: \w+){1,2}"
_ONE = r"(?:anyone|anybody|someone|somebody|everyone|people|folks|others)"
_THEY = rf"(?:he|she|it|they|this|that|these|those|{_ONE}|{_THING})"
_BETWEEN = (
    r"(?:ever|still|just|also|already|really|automatically|actually|then|even|all|both|always|usually|eventually"
    r"|accidentally|not|guys|going to|gonna|supposed to|able to|allowed to|expected to|(?:have|need|want|like|had|get"
    r"|has|wanted|used|try|trying)(?: me| us| you)? to|be|been|being|get|got|getting|have been)"
)
_COMING = (
    r"(?:(?:not|ever|still|also|just) )*(?:going to|gonna|supposed to|able to|allowed to|expected to|being|getting)"
)
_AUXILIARY = (
    r"(?<!\bi )(?<!you )(?<!we )(?<!they )(?<!he )(?<!she )(?<!it )(?<!please )(?<!just )(?<!to )(?<!not )\b"
    rf"(?:(?:does|did|shall|should|might|must|has|had) (?:i|we|you|u|yall|{_THEY})"
    rf"|(?:will|would) (?:i|we|(?!{_ONE}\b){_THEY})|(?:dont|wont|wouldnt|didnt|shouldnt|cant) (?:i|we)"
    rf"|do (?:i|we|you|u|yall|they|these|those|{_ONE}|{_THING})|have (?:i|we|you|u|yall|they)"
    rf"|(?:can|could) (?:(?!{_ONE}\b){_THEY})|(?:am|is|are|was|were|wasnt|arent|isnt) (?:i|we|he|she"
    rf"|(?:my|our) (?:number|name|phone|cell))"
    rf"|(?:is|are|was|were) (?:you|u|yall|{_THEY})(?= {_COMING}\b)"
    rf"|(?:if|when|once|after|unless|whether|in case) (?:i|we|{_THEY})|(?:who|which(?: of (?:us|them|you))?|what)"
    r" (?:will|would|can|could|should|has|gets))"
)
_QUESTION = re.compile(rf"{_AUXILIARY}(?: {_BETWEEN})* $")
_OF_SELF = re.compile(
    r"(?<!when )(?<!how )(?<!why )(?<!where )(?<!what )\b(?:will|would|am|was|have|did|if) (?:i|we|my \w+)"
    r"(?: (?:still|also|just|automatically|then|even|already|going to|gonna|be|been|being|get))* $"
)
_OTHERS_MUST = re.compile(
    r"\b(?:he|she|they|(?<!you )(?<!your )(?:people|folks)|someone|somebody|everyone|everybody|kids|drivers"
    r"|(?:the|my|our|his|her|their|some) \w+)(?: (?:all|really|just))*"
    r" (?:should|must|ought to|gotta|had better|better|(?:has|have|need|needs|got|supposed) to)(?: (?:stop|quit))? $"
)
_WILL_DO = re.compile(
    r"\b(?:(?:i|we|he|she|they|(?:my|our|his|her|the) \w+)(?: (?:will|would|can|could|might|shall"
    r"|ll))|ill|id|hell|shell"
    r"|theyll|(?:wants?|told|asked|tells|asks) (?:us|him|her|them|everyone) to|i (?:have|had) to|we (?:have|had) to)"
    r"(?: (?:just|also|gladly|try to))? $"
)
_DONE_TO_OTHERS = re.compile(
    r"(?:stop|quit|cease) (?:texting|messaging|calling|emailing|contacting)\b(?! (?:me|us|this|it|these|my)\b)"
    r"|(?:delete|remove|erase|lose|forget|drop|discard) (?:the|that) (?:phone )?number\b"
)
_US = re.compile(r"\b(?:me|us|my|our|this|these|it|here|now|please|already|if)\b")
_SUBJECTS = frozenset({"i", "we", "you", "u"})  # of which some phrases begin with one
_LONGEST_SUBJECT = 5
_TELLING = 3  # words after the first tell what others must stop


def is_asked(form: str, start: int) -> bool:
    """Tell whether what begins at `start` of a bare form hangs on the verb of a question, or on an "if I"."""
    word, before = form[start : start + _LONGEST_SUBJECT].partition(" ")[0], _before(form, start)
    asked = _QUESTION.search(before) or (word in _SUBJECTS and _QUESTION.search(f"{before}{word} "))
    return bool(asked)


def is_asked_of_self(form: str, start: int) -> bool:
    """Tell whether it is plainly asked what happens to the person: "will I still get texts", "if I stop getting"."""
    return _OF_SELF.search(_before(form, start)) is not None


def must_others(form: str, start: int) -> bool:
    """Tell whether others must do what begins at `start`, and to others: "they need to stop spamming people"."""
    rest = form[start : start + 120].partition("|")[0]
    if _US.search(rest) or rest.count(" ") < _TELLING:
        return False
    return _OTHERS_MUST.search(_before(form, start)) is not None


def is_own_doing(form: str, start: int) -> bool:
    """Tell whether somebody says what they will do themselves: "I'll stop texting you", "I'll delete the number"."""
    if not _DONE_TO_OTHERS.match(form, start):
        return False
    return _WILL_DO.search(_before(form, start)) is not None


def _before(form: str, start: int) -> str:
    return form[max(0, start - 100) : start].rpartition("|")[2]
