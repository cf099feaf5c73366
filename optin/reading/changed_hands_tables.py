"""Sentences that say whose the number is not: data for changed_hands.py, in the bare form. Pure.

A row is (hints, pattern): the pattern is tried where one of the hints stands in the text.
"""

import re

_END = r"(?=\||$)"
_KIN = (
    r"(?:he|she|they|hes|shes|(?:my|our|his|her|the) (?:(?:late|dear|ex) )?(?:mom|mother|mum|dad|father|husband|wife"
    r"|son|daughter"
    r"|brother|sister|grand\w+|uncle|aunt|partner|spouse|parents?|owner|person|roommate|cousin|boyfriend|girlfriend"
    r"|fiance))"
)
_NUMBER = r"(?:number|phone|cell|cellphone|phone number|line|mobile)"
_ADVERBS = r"(?: (?:has|have|had|is|was|already|just|recently|sadly|unfortunately|now|been))*"
_GONE = (
    r"(?:passed(?: away| on)?(?! (?:the|my|his|her|by|a|this|it|all|on the|out)\b)|died(?! (?:laughing|down"
    r"|out))|dead|deceased|no longer with us)\b"
)
_WHEN = (
    r"(?: (?:away|last|in|on|a|few|two|three|this|yesterday|week|weeks|month|months|year|years|ago|\w+day|\d+"
    r"|january|february|march|april|may|june|july|august|september|october|november|december|now|suddenly))*"
)
_NAME = r"(?P<name>\w{2,20})"

PLAIN = tuple(
    (frozenset(hints.split()), re.compile(pattern))
    for hints, pattern in (
        ("passed died dead deceased longer", rf"\b{_KIN}{_ADVERBS} {_GONE}|\bpassed away\b"),
        (
            "wrong",
            rf"\bwrong (?:guy|person|girl|lady|woman|man|dude|gal|recipient|fella|individual|party)"
            rf"(?: (?:lol|lmao|haha\w*|sorry|dude|bro|hun|hon|bud|buddy|man|here|i think|maam|sir"
            rf"|again|pal|please|thanks|my))*{_END}",
        ),
        ("right correct", r"\b(?:not|isnt|arent) the (?:right|correct) (?:person|guy|number|phone|recipient|one)\b"),
        (
            "confused mistaken mixed else",
            r"\b(?:have|got|thinking of|think|took|take) (?:me|us|this)(?: \w+)?"
            r" (?:confused|mistaken|mixed up|for (?:some|any)(?:one|body) else)\b",
        ),
        (
            "by named called name with",
            r"\b(?:no one|nobody|noone|no person|anyone|no body)(?: (?:here|at this number|with|is|lives here"
            r"|living here))*"
            r" (?:by|with|named|called|of)(?: (?:that|this))?(?: name)?\b",
        ),
        ("owner holder user", r"\b(?:new|different|another|current) (?:number |phone )?(?:owner|holder|user)\b"),
        (
            "number phone cell line",
            rf"\b(?:i|we|ive|weve)(?: (?:just|only|recently|have|had|was|were|now))*"
            rf" (?:got|gotten|had|have had|have|been given|given|received|bought)"
            rf"(?: assigned)? this (?:new )?{_NUMBER}\b(?! (?:off|out))"
            rf"|\bthis {_NUMBER}(?: (?:now|has|been|was|is))*"
            rf" (?:belongs? to|reassigned|assigned|someone elses|somebody elses|changed hands)\b"
            rf"|\b(?:this|it) used to be (?:\w+ ){{1,2}}{_NUMBER}\b"
            rf"|\b(?!my\b|our\b|your\b)\w+ (?:old|former|previous) {_NUMBER}\b"
            rf"|\b(?:not|isnt|no longer|never was|aint) (?:the|his|her|their|anyones) (?:right |correct )?{_NUMBER}\b"
            rf"|\b(?:doesnt|does not|no longer|dont)(?: (?:have|has|own|owns|use|uses|answer)){{1,2}} this {_NUMBER}\b",
        ),
        (
            "here there us",
            r"\b(?:he|she|they)(?: (?:doesnt|does not|no longer|dont|do not)) (?:lives?|works?|volunteers?) (?:here"
            r"|there)\b"
            r"|\bno longer (?:works?|lives?|employed|volunteers?)(?: \w+)? (?:here|with us|for us|at this)\b"
            r"|\bdoesnt (?:work|live) here\b",
        ),
        (
            "changed switched new different",
            rf"\b(?:he|she|they)(?: (?:has|have|just|recently))* (?:changed|switched)(?: (?:his|her"
            rf"|their))? {_NUMBER}s?\b"
            rf"|\b(?:he|she|they) (?:has|got)(?: himself| herself)? a (?:new|different) number\b",
        ),
        ("name", r"\bnot my name\b|\bmy name (?:is not|isnt|aint)\b(?! (?:on|in|here|there|listed)\b)"),
        (
            "know",
            r"\b(?:dont|do not) know (?:anyone|anybody|any one|a person|any person|who (?:that"
            r"|this person) is)(?: \w+)?"
            r" (?:by|named|called|with|that name)\b",
        ),
        (
            "murio fallecio falleciera muerto fallecido es nombre nest est nom",
            r"\b(?:murio|fallecio|falleciera|ha muerto|ha fallecido)\b|\bya no es (?:el|su|mi) (?:numero|telefono"
            r"|celular)\b"
            r"|\b(?:nadie|ningun\w*) (?:con|de) (?:ese|este) nombre\b"
            r"|\bnest plus (?:le|son) numero\b|\best (?:decedee?|morte?)\b|\bpersonne de ce nom\b",
        ),
    )
)
# These need a name: what is written with a capital letter, and is no day, month or people.
NAMED = tuple(
    (frozenset(hints.split()), re.compile(pattern))
    for hints, pattern in (
        (
            "not isnt longer aint",
            rf"\b(?:this|it|that|im|i am)(?: is not| isnt|s not| is no longer| aint| not"
            rf"| no longer) (?:even )?{_NAME}(?: \w+)?{_END}",
        ),
        (
            "not isnt longer aint used",
            rf"\b(?:not|isnt|no longer|used to be|aint) {_NAME} {_NUMBER}\b",
        ),
        ("not", rf"^not {_NAME}{_END}"),
        (
            "no isnt",
            rf"\b(?:theres no|there is no|there isnt an?y?|no) {_NAME}(?: \w+)?"
            rf" (?:here|at this (?:number|phone|address)|lives here|on this (?:number|phone)){_END}",
        ),
        (
            "know",
            rf"\b(?:dont|do not) know (?!what\b|how\b|why\b|if\b|when\b|where\b)(?:(?:any|a|an|this"
            rf"|who) )?{_NAME}(?: is)?{_END}",
        ),
        ("passed died dead deceased", rf"\b{_NAME}{_ADVERBS} {_GONE}{_WHEN}{_END}"),
        (
            "longer doesnt doesn does didnt",
            rf"\b{_NAME} (?:doesnt|does not|no longer|didnt)(?: (?:has|have|owns?|uses?|works?|lives?"
            rf"|volunteers?)){{1,2}}"
            r" (?:this|here|there|at this)\b",
        ),
        (
            "changed switched",
            rf"\b{_NAME}(?: (?:has|just|recently))* (?:changed|switched)(?: (?:his|her|their))? {_NUMBER}s?\b",
        ),
        ("different new", rf"\b{_NAME} (?:has|got) a (?:new|different) {_NUMBER}\b"),
        ("wrong", rf"\bwrong {_NAME}{_END}"),
        ("soy", rf"\bno soy {_NAME}{_END}"),
        ("no", rf"\bno (?:vive|hay|trabaja)(?: aqui)?(?: ningun[oa]?)? {_NAME}\b"),
        ("suis pas", rf"\bje ne suis pas {_NAME}{_END}"),
    )
)
HINTS = frozenset().union(*(hints for hints, _ in (*PLAIN, *NAMED)))
LONE = re.compile(rf"(?:^|\|)(?:(?:no|sorry|hi|um) )*(?:this|im) ?(?:is not|isnt|aint|not) {_NAME}{_END}")
NO_NAMES = frozenset(
    [
        "i",
        "im",
        "ok",
        "sure",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "today",
        "tonight",
        "tomorrow",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jewish",
        "christian",
        "catholic",
        "muslim",
        "american",
        "republican",
        "democrat",
        "english",
        "spanish",
        "french",
        "problem",
        "parking",
        "smoking",
        "spam",
        "the",
        "this",
        "that",
        "here",
        "there",
        "what",
        "why",
        "who",
        "everyone",
        "anyone",
        "what",
        "yet",
        "you",
        "it",
        "my",
        "phone",
        "dog",
        "cat",
        "battery",
        "car",
        "laptop",
        "computer",
        "fish",
        "tree",
        "plant",
        "tv",
        "wifi",
        "internet",
        "router",
        "link",
        "site",
        "app",
        "signal",
        "hope",
        "interest",
    ]
)
SAID_OF_THINGS = frozenset(
    [
        "fair",
        "good",
        "ok",
        "okay",
        "right",
        "true",
        "real",
        "funny",
        "cool",
        "fun",
        "easy",
        "clear",
        "enough",
        "over",
        "new",
        "mine",
        "news",
        "nice",
        "safe",
        "legal",
        "free",
        "bad",
        "big",
        "great",
        "correct",
        "me",
        "him",
        "her",
        "us",
        "them",
        "anything",
        "done",
        "ready",
        "open",
        "urgent",
        "important",
        "home",
        "late",
        "well",
        "sick",
        "happy",
        "mad",
        "angry",
        "here",
        "alone",
        "sure",
        "late",
        "busy",
        "free",
        "old",
        "young",
        "new",
        "work",
        "up",
        "down",
        "on",
        "off",
        "in",
        "out",
        "a",
        "an",
        "so",
        "too",
        "very",
        "hard",
        "fine",
        "going",
        "able",
        "cheap",
        "sad",
        "weird",
        "normal",
    ]
)
NUMBER_OF = re.compile(rf" {_NUMBER}\b")
OF_DEATH = re.compile(r"\b(?:passed|died(?! (?:laughing|down|out))|dead|deceased|gone)\b")
BEASTS = re.compile(
    r"\b(?:dog|cat|pet|puppy|kitten|horse|fish|phone|battery|car|truck|laptop|computer|engine|line|tree|plants?|bill"
    r"|law|test|exam)\b"
)
# Who says why they cannot come, or tells more of themselves, is still there.
STILL_HERE = re.compile(
    r"\b(?:i|we) (?:cant|cannot|wont|will|ll|am|have|need|may|might|can|lost|miss)\b|\b(?:ill|funeral|im)\b"
)
