"""What a short text answers: the question of a double opt-in, or a broadcast with a refusal. Pure.

Joining is strict: only what says nothing but yes is a YES. What comes near it is UNCLEAR, and the person is told how to
confirm.
"""

import re
from enum import Enum, auto

from optin.reading.common_words import COMMON_WORDS
from optin.reading.normal_form import bare
from optin.reading.signatures import without_signature

_LONGEST, _LONGEST_REFUSAL, _FEW = 200, 60, 3
_LONGEST_NAME = 3  # words
_LONGEST_NEAR = 8  # words: "ok I will see if my sister can drive me there" answers something else


class Answer(Enum):
    """What a text says to an open question of ours."""

    YES = auto()
    NO = auto()
    UNCLEAR = auto()


_COURTESY = (
    r"please|pls|plz|thanks|thank (?:you|u)|thx|ty|hi|hello|hey|sir|maam|hola|por favor|porfa|gracias|merci|svp"
    r"|sil vous plait|bonjour|danke|bitte|grazie|obrigad[oa]|sorry|and|everyone|all|guys"
)
_YES = (
    r"yes|y|yep|yup|yeah|yea|yah|sure|of course|absolutely|definitely|certainly|si|claro|por supuesto|oui|bien sur|ja"
    r"|sim|да|是|是的|好|好的|네|예|はい|co|oo|نعم|כן"
)
_YES_TOO = (
    r"ok|okay|i (?:do )?confirm|i do|i am|i will|i would|it is|i agree|i accept|confirmed|confirm|confirmo|je confirme"
    r"|sign me up|count me in|im in|go ahead|that(?:s| is) (?:me|right|correct)|correct|sounds good|great|perfect"
)
_NO = (
    r"not me|not really|not now|not interested|no way|no se|(?:that(?:s| is| was)? |it (?:was|is) ?)not me"
    r"|it (?:was|is)nt me|wasnt me|i (?:do not|dont) want (?:to|it|this|that)|i (?:do not|dont)|i did(?:nt| not)|dont"
    r"|never|nope|nah|naw|non|nein|nao|net|no|n|нет|不要|不是|不|아니요|아니오|いいえ|khong|hindi|لا|לא"
)
_NEAR = (
    r"y+e+s+|y+e+[sap]*h*|ya|yass*|yus|yeppers|yes\w{0,3}|ys|yse|eys|yesh|ok|okay|okey|k|kk|okie|alright|fine|maybe"
    r"|perhaps"
    r"|probably|possibly|i guess|guess so|i think so|i suppose|why not|not sure|sounds good|confirm|confirmed"
    r"|i agree|agreed|correct|vale|bueno|dale|quizas|tal vez|daccord|peut etre|vielleicht|talvez|count me in|im in"
    r"|sign me up|go ahead"
)
_REFUSAL = (
    r"no thanks|no thank (?:you|u)|no thx|no ty|no mas|no gracias|no way|not me|not interested|non merci|nein danke"
    r"|nao obrigad[oa]|hell no|leave me|end (?:me|it|this)|(?:im |were |all )?done|(?:ill |hard )?pass|quit it|get out"
    r"|nope|nah|naw|non|nein|nao|no|n|exit|out|leave|s|x+|enough|block(?:ed|ing)?|mute[d]?|cease|never|unfollow|go|over"
    r"|finished|fuera|ya no|basta ya|delete|remove|spam"
)


def _only(words: str, besides: str) -> re.Pattern[str]:
    # Atomic, so that no text is tried in many ways: longer alternatives come first.
    return re.compile(rf"(?>(?>(?:{besides}) )*)(?>(?:{words}) )(?>(?:{words}|{besides}) )*+")


_IS_YES = _only(_YES, rf"{_YES_TOO}|{_COURTESY}")
_IS_NO = _only(_NO, _COURTESY)
_IS_REFUSAL = _only(_REFUSAL, _COURTESY)
_BEGINS_NEAR = re.compile(rf"(?>(?:no|{_COURTESY}) )*(?:{_YES}|{_NEAR}) ")
_POINTS_UP = re.compile("[👍✅✔☑]")
_POINTS_DOWN = re.compile("[👎❌✖🙅]")
_NEAR_SIGN = re.compile("[👌🙌🙏🤙💯🤷❤😀😃😊🙂🎉]")
_ASKING = re.compile("[?？؟]")


def answer(text: str) -> Answer | None:
    """Return what a text, as received, answers while a question is open; None if it is about something else.

    YES and NO say nothing but that, with courtesies, punctuation, signs or a signature around ("Yes please", "👍",
    "No thanks\\nSent from my iPhone"). UNCLEAR comes near a yes ("yess", "ok", "yes but who is this?").
    """
    said = _without_name(without_signature(text[: _LONGEST * 4]))
    if len(text) > _LONGEST * 4 or len(said) > _LONGEST:
        return None
    form = bare(said).replace("|", " ")
    if not form:
        return _of_signs(said)
    words, asks = f"{form} ", _ASKING.search(said) is not None
    if _IS_NO.fullmatch(words) and not asks and not _POINTS_UP.search(said):
        return Answer.NO
    if _IS_YES.fullmatch(words) and not asks and not _POINTS_DOWN.search(said):
        return Answer.YES
    near = _BEGINS_NEAR.match(words) and words.count(" ") <= _LONGEST_NEAR
    return Answer.UNCLEAR if near else None


def short_refusal(text: str) -> bool:
    """Tell whether a text, as received, is a refusal of at most three words ("no", "exit", "not me", "S") and no more.

    Courtesies, punctuation and a signature may stand around it; a question is none. What refuses a broadcast may
    answer anything else ("no"), so the caller must know what came before it.
    """
    said = without_signature(text[: _LONGEST_REFUSAL * 4])
    if len(said) > _LONGEST_REFUSAL or len(text) > _LONGEST_REFUSAL * 4 or _ASKING.search(said):
        return False
    form = bare(said).replace("|", " ")
    return form.count(" ") < _FEW and _IS_REFUSAL.fullmatch(f"{form} ") is not None


def _without_name(said: str) -> str:
    """Return what stands above a line of surely nothing but a name ("Maya Chen", "- J. O’Brien"), else all of it.

    Joining is strict: one word that may be anything else ("Never Mind", "Wrong Person") leaves the answer unclear.
    """
    above, _, below = said.strip().partition("\n")
    words = below.strip(" -–—~\n").split()
    is_name = 0 < len(words) <= _LONGEST_NAME and all(map(_names, words))
    return above if is_name and answer(below) is None else said


def _names(word: str) -> bool:
    """Tell whether a word may be of a name: it begins with a capital, is not all capitals and no common word."""
    letters = word.strip(".,")
    if bare(letters) in COMMON_WORDS or letters.lower().endswith(("ing", "n't", "n’t")):
        return False
    return letters.replace("-", "").replace("’", "").replace("'", "").isalpha() and (
        letters[0].isupper() and (len(letters) == 1 or not letters.isupper())
    )


def _of_signs(said: str) -> Answer | None:
    up, down = _POINTS_UP.search(said), _POINTS_DOWN.search(said)
    if up or down:
        return Answer.UNCLEAR if up and down else Answer.YES if up else Answer.NO
    return Answer.UNCLEAR if _NEAR_SIGN.search(said) else None
