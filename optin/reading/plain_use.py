"""Whether an opt-out word inside a sentence plainly means something else: "the end of June", "bus stop". Pure.

Leaving is liberal: only what the grammar tells for certain counts, and nothing in a sentence about messages does.
"""

import re
from re import Pattern

from optin.reading import wondering

# A sentence is looked at with its word in marks: "in the <end> i decided to come".
_ARTICLE = r"(?:the|an?|at|any|each|every|either|other|both|my|our|your|his|her|their|its)"
_ABOUT_MESSAGES = re.compile(
    r"\b(?:te?xts?|texting|txts|messag\w*|msgs?|sms|mms|list|subscri\w*|unsub\w*|notifications?|alerts?|spam\w*"
    r"|contact\w*"
    r"|numbers?|e?mails|consent|permission|account|membership|reminders|promos?|promotions?)\b"
)
_NOT_THIS = r"(?!(?:this|that|these|those|it|them|all|everything|you|me|now|please|pls|immediately|already)\b)"
_SUBJECT = (
    r"\b(?:i|ill|id|we|well|he|she|they|who|everyone|everybody|people|(?:the|my|our|his|her) \w+|it)"
    r"(?: (?:just|also|always|usually|often|can|could|will|would|might|may|all|only|have to|had to|has to|ll|d"
    r"|gotta|gonna"
    r"|going to|plan to|do|did|must|never|really|probably))* "
)
_NEGATED = (
    r"\b(?:wont|will not|cant|can ?not|cannot|couldnt|could not|wouldnt|dont|do not|doesnt|does not|didnt|did not|never"
    r"|(?:nothing|nobody|no one)(?: (?:can|could|will|would|ever))?|not|isnt|arent)(?: (?:ever|even|just))? "
)
_ASKED_WHEN = r"\b(?:what time|when|where|which day|how (?:late|long|early|soon))(?: \w+){1,4} "
# "stop for good", "stop in the name of God", "stop by request", "stop for all of us": no place and no errand.
_NO_PLACE = (
    r"(?! (?:(?:the|all|any|my|our|your|his|her|a) )*(?:good|ever|real|now|once|me|us|you|this|these|that|all|both"
    r"|every\w*|name|love|law|request|orders?|court|default|choice|god\w*|christ\w*|jesus|heaven\w*|pete\w*|pity\w*"
    r"|crying|life|peace|privacy|sake|reasons?|record|\w+ time|time being|today|while|phones?|numbers?|lists?|lines?"
    r"|cell|family|wife|husband|son|daughter|kids?|mom|dad|campaigns?|\d{3} ?\d{3} ?\d{4})\b)"
)
_PLACE = (
    rf"(?:(?:by|in|over|off|at|along|near|up|through|on|for)\b{_NO_PLACE}"
    r"|and (?:smell|think|see|say|go|get|pick|grab|help|talk|chat|look|visit|eat))"
)
# What is asked of somebody ("stop by the booth", "can you stop in later?"): only what is surely a visit.
_VISIT = (
    r"(?:(?:by|in|over)(?= ?(?:$|\||any ?time|whenever|later|soon|tomorrow|if you|when you|after (?:work|church|school)"
    r"|(?:the|our) (?:booth|table|tent|desk|office|pantry|church|shop|store|house|kitchen|center|gym|hall|library"
    r"|school|garden|park|building)\b))|by(?= (?:noon|at|around|before|and|to)\b)"
    r"|at(?= (?:noon|(?:the|our) (?:booth|table|tent|desk|office|pantry|church|shop|store|gym|hall|library|school"
    r"|garden|park|building|light|sign|corner|bank))\b)"
    r"|and (?:smell|think|see|go|get|pick|grab|help|talk|chat|look|visit|eat)\b)"
)
_GERUND = r"(?!being|doing|bothering|harassing|annoying|bugging|calling)\w{3,}ing\b"
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAY = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tonight|tomorrow|noon|midnight|mon|tue|wed"
    "|thu|fri|sat|sun"
)
_SERVICE = (
    r"(?:subscri\w+|membership|account|service|texts?|messages?|alerts?|registration|enrollment|plan|phones?|cell|mobile"
    r"|line|number|name|contact|info\w*|entry|profile|texting|pledge|opt|wife|husband|mom|mother|dad|father|son|daughter"
    r"|kids?|church|group|list|sign ?up(?! for)|volunteer(?! \w)|please|pls|now|from)\b"
)
_OWNED = (
    rf"(?:the|an?|my|our|your|his|her|their|that|todays|tonights|tomorrows"
    rf"|{_DAY}) (?!{_SERVICE})(?:\w+ )?(?!{_SERVICE})\w+"
)

_END = (
    rf"\b(?:{_ARTICLE}|at this|on this|no|years|months|weeks|days|lifes|odds and|front|back|rear|year|month|day|week"
    rf"|season|high|low|deep|dead|loose|east|west|north|south|far|top"
    r"|bottom|tail|book|open|happy|by|until|till|til|near|or|and) <"
    r"|>(?: of (?!text|message|contact|subscription|discussion|conversation|story|my\b|the line remove)| (?:zone"
    r"|user|table|game|result|date|time|point|line"
    r"|up|row|cap"
    rf"|goal|on (?!this)|at (?!once)|in (?!all)|by|around|before|after|early|late|well|soon|{_DAY}|{_MONTH}"
    rf"|\d{{1,4}}(?! ?\d))\b)"
    rf"|(?!\bwhen (?:will|does) (?:this|these) <){_ASKED_WHEN}<|\b(?:does|did|will) (?:the|your|our|my|class"
    rf"|practice|school|work|we|they)(?: \w+)? <|<ends> "
)
_STOP = (
    r"\b(?:the|a|each|every|either|other|my|our|your|bus|pit|train|truck|metro|subway|tram|next|last|first|one"
    r"|two|three"
    r"|whistle|wrong|right|same|final|new|short|door|non|which|what|rest|quick|another"
    r"|back ?)(?<!put a)(?<!word the) <(?!stop> (?:sending|it|this)\b)"
    r"|> (?:signs?|lights?|watch|gap)\b"
    rf"|{_NEGATED}<\w+>(?! (?:this|these|it|them|that)\b)|\b(?:wont|cant) < "
    rf"|\b(?:know|tell me|say|remember|sure|idea)(?: \w+)? (?:when|where) to <"
    rf"|{_SUBJECT}<\w+> (?:{_PLACE}|{_GERUND})|\b(?:can|could|should|shall|may|might|lets|would|will)"
    rf"(?: (?:we|i|they|he|she))? <\w+> (?:{_PLACE}|{_GERUND})"
    rf"|\b(?:to|(?:can|could|should|may|might|would|will) (?:you|u)) <\w+> (?:{_VISIT}|{_GERUND})"
    r"|^<\w+> (?:worrying|crying|laughing|complaining|stressing|apologi[sz]ing|dreaming|overthinking|smoking|raining"
    r"|snowing"
    r"|smiling|procrastinating|hoping|guessing)\b"
    rf"|^<\w+> (?:{_VISIT}|on (?:your|the|my) way)"
    rf"|{_ASKED_WHEN}<\w+> {_NOT_THIS}\w+"
    r"|<\w+> (?:the|that) (?:truck|bus|van|car|train|game|clock|timer|music|video|machine|press|engine|water|leak"
    r"|bleeding)\b"
    r"|\b(?:did|does|will|would|has) (?:the|my|our|this) \w+ <stop"
    r"|<stops> (?!it|all|now)|\b(?:rain|snow|music|bus|train|it|he|she) <stops>"
)
_QUIT = (
    rf"{_NEGATED}<|^<quit> (?:worrying|crying|laughing|complaining|stressing|smoking)|\b(?:let|made|make|have"
    rf"|had)(?: \w+)? <|\b(?:he|she|they|who|(?:my|our|his|her|the|another|one) \w+) <"
    rf"|> (?:(?:my|his|her|their|our|a) (?!{_SERVICE}|please|pls|now|from)\w+|the (?:job|team|band|company|force)"
    rf"|smoking|drinking|work\w*|school|early|sugar"
    r"|coffee|cold"
    r"|at|trying|when|last|yesterday|because|on (?:us|me|him|her))\b"
)
_BOOKED = (
    r"(?:shifts?|flights?|trip|ride|appointments?|reservations?|bookings?|meetings?|dinner|lunch|breakfast|class|classes"
    r"|practice|order|tickets?|hotel|event|party|plans|visit|game|date|training|rehearsal|interview|school|church)"
)
_ON_DAY = (
    rf"(?:(?:on|for|this|next|my|our|the|last|\d+ ?(?:am|pm)?) )*(?:(?:{_DAY}|{_MONTH}|morning"
    rf"|afternoon|evening|weekend)s?"
    rf"|(?:\w+ )?{_BOOKED})\b"
)
_CANCEL = (
    rf"\bhad to <cancel> (?!{_SERVICE}|it|this|that|all)\w+|> {_OWNED}|{_NEGATED}<|\b(?:will|would|do|does|did"
    rf"|should|can|could|may|might|if|when)(?: \w+){{1,3}} <\w+> (?:if|when|for"
    rf"|due|because|{_DAY})\b"
    rf"|\b(?:(?:have|need|got|going|might have|want) to|must|gotta|gonna|should|will|ill|may|might) <cancel> {_ON_DAY}"
    rf"|<cancel> (?!today|tonight){_ON_DAY}"
)
_REVOKE = r"> (?:his|her|their|the|a|that) (?!consent|permission)\w+"
_OPT_OUT = (
    r"out> of (?:the|a|an|that|(?:my|our) (?!life)|his|her) (?!list|text|message|program|group)\w+|\b(?:he|she|they"
    r"|who) <opt"
    r"|\b(?:never|didnt|did not|not|havent) <opted"
)
_UNSUBSCRIBE = (
    r"> from (?:the|an|my|that|their|another|a)? ?(?:other|different|email|emails|newsletter|youtube|netflix|channel)\b"
)
_INTERESTED = (
    r"interested> in (?:this|these|that|those) (?:\w+ )?(?:shifts?|slots?|times?|days?|roles?|jobs?"
    r"|tasks?|events?|ones?)\b|"
    r"interested> in (?!this|these|those|your|ur|any|it|texts?|messages|receiving|getting|being|hearing"
    r"|volunteering|what|politic|anything)\w+"
)
_SIGN_UP = rf"up> (?:for|yet|to) (?:the|an?|\d+\w*|{_DAY}|{_MONTH}|my|our|yet|bring|help)\b"
_CALL = r"<(?:dont|do|never)[^<>]*> (?:\w+ )*(?:text|txt|message|email) (?:me|us|instead)\b"
_STATED = (
    r"\b(?:i|we|they|he|she|people|kids|who)(?: (?:usually|really|just|also))? <(?:dont|do not|never)[^<>]*"
    r" (?:te?xt|txt|messag|contact)\w*>"
)
_SEND = r"me> (?:the|a|an|to|out|home|away|there|back) (?!text|message|spam|link)"
_SPAM = (
    r"\b(?:my|your|the|to|in|into|as) <spam|<spam\w*> (?:folder|filter|box|musubi|risk|calls?|sandwich\w*"
    r"|fried|fries|burgers?|rice|soup|salad|sushi|casserole|sliders?|tacos?|wraps?|(?:and|n|with)"
    r" (?:eggs?|rice|cheese))\b"
    r"|\b(?:bring|brought|cook|cooking|cooked|eat|eats|eating|fry|fried|grill|grilled|serve|serving|cans? of) <spam>"
    r"|<harassment> (?:training|policy|class|workshop|seminar)\b|\b(?:sexual|anti) <harassment"
)
_LAWYER = r"\b(?:a|the|my|our|as) <(?:lawyer|attorney)"
# Spanish and Portuguese: to stop somewhere on the way.
_PARAR = (
    r"\b(?:vou|vamos|vai|voy a|vamos a|va a|tengo que|tenho que|tenemos que|temos que|puedo|posso|podemos|quiero|quero"
    r"|preciso|antes de) <\w+> (?:no|na|nos|nas|em|en|a|al|por|para|ali|aqui|ahi|alli|la)\b(?! (?:mensa|texto|sms))"
    r"|\b(?:sem|sin) <"
)

_WORDS: dict[str, str] = {
    **dict.fromkeys(("end", "ends"), _END),
    **dict.fromkeys(("stop", "stops", "stopp"), _STOP),
    "quit": _QUIT,
    **dict.fromkeys(("parar", "detener"), _PARAR),
    "cancel": _CANCEL,
    "revoke": _REVOKE,
    **dict.fromkeys(("opt", "opted", "opting"), _OPT_OUT),
    **dict.fromkeys(("unsubscribe", "unsubscribed"), _UNSUBSCRIBE),
    **dict.fromkeys(("not", "didnt", "no"), rf"{_INTERESTED}|{_SIGN_UP}|{_SEND}|{_CALL}"),
    "never": rf"{_INTERESTED}|{_SIGN_UP}|{_SEND}|{_CALL}|{_STATED}",
    **dict.fromkeys(("dont", "do"), rf"{_SEND}|{_CALL}|{_STATED}"),
    **dict.fromkeys(("spam", "harassment"), _SPAM),
    **dict.fromkeys(("lawyer", "attorney"), _LAWYER),
}
_PATTERNS: dict[str, Pattern[str]] = {word: re.compile(pattern) for word, pattern in _WORDS.items()}
_ANYHOW = frozenset({"not", "never", "didnt", "no", "dont", "do", "spam", "harassment"})
# "don't take me off", "I did not mean to unsubscribe": said straight, and nothing else.
_KEEPS_ON = re.compile(
    r"\b(?:dont|do not|never|didnt|did not|wasnt|was not)(?: (?:please|ever|really|actually|just))*"
    r"(?: (?:(?:want|wish|mean|meant|ask|asked|plan|intend|need|trying|going|like|tell|told)(?: (?:you|u|them))? to"
    r"|wanna))?"
    r"(?: (?:please|ever|be|get))* $"
)
_WONDERS = re.compile(
    r"^(?:(?:hi|hey|hello|so|and|but|ok|um) )*(?:why|how come|when|did|have|has|was|were|am)(?: (?:did|have"
    r"|do)(?: \w+)? (?:texts|messages|reminders|they|it|these))?(?: (?:did|was|were|am|is|have"
    r"|has|had|on earth|just))*(?: (?:i|you|we|they|u|someone|somebody))?(?: (?:get|got|been|just|already))* $"
)


def means_something_else(form: str, start: int, end: int) -> bool:
    """Tell whether the doubt at `form[start:end]`, of a bare form, plainly is none where it stands."""
    word = form[start:end].partition(" ")[0]
    pattern = _PATTERNS.get(word)
    before, after = _around(form, start, end)
    if _complains(before, after):
        return False
    if is_no_wish(form, start):
        return not _ABOUT_OPTING.search(after)
    if pattern is None:
        return False
    if word not in _ANYHOW and _ABOUT_MESSAGES.search(f"{before} {after}"):
        return False
    return pattern.search(f"{before}<{form[start:end]}>{after}") is not None


_COMPLAINS = re.compile(
    r"\b(?:you|u|yall|this|these|those|they|it|everything|te?xts?|txts|messages|msgs|spam|harassment|alerts"
    r"|notifications|reminders|texting|messaging|bot|phone|(?:this|these|all) \w+)(?: (?:people|guys|all|just|still"
    r"|simply|ever))*"
    r" (?:never|(?:do|does|did|is|has|have|would|will|can|could) ?not|dont|doesnt|didnt|isnt|hasnt|havent|wouldnt|wont"
    r"|cant|couldnt|cannot)(?: (?:ever|even|seem to|want to|just))* $"
)
_WEATHER = re.compile(r" (?:rain|snow|pour|hail|drizzl|sleet|storm|blow)ing\b")
_HOPES = re.compile(r"\b(?:hope|glad|love)\b")
_ABOUT_OPTING = re.compile(r"\b(?:but|just|instead|stop|remove)\b")


def _complains(before: str, after: str) -> bool:
    """Tell whether it is said of texts, or of whatever comes all the time, that it does not stop."""
    return bool(_COMPLAINS.search(before)) and not _HOPES.search(before) and not _WEATHER.match(after)


def is_no_wish(form: str, start: int) -> bool:
    """Tell whether what begins at `start` is plainly not wanted, asked about ("will I stop ...") or said of others."""
    told = wondering.is_asked_of_self(form, start) or wondering.must_others(form, start)
    return told or keeps_on(form, start) or wondering.is_own_doing(form, start)


def keeps_on(form: str, start: int) -> bool:
    """Tell whether what begins at `start` of a bare form is plainly not wanted: "I don't want to unsubscribe"."""
    before, _ = _around(form, start, start)
    return _KEEPS_ON.search(before) is not None or _WONDERS.search(before) is not None


def _around(form: str, start: int, end: int) -> tuple[str, str]:
    return form[max(0, start - 120) : start].rpartition("|")[2], form[end : end + 120].partition("|")[0]
