"""English sentences that ask to be taken off a list or out of the texts, as rows (see language.py). Pure."""

from optin.reading.languages.english_words import AGAIN, LEAVE_FROM, LISTED, SOON, TEXTS, UNSUBSCRIBE, WHICH
from optin.reading.languages.language import END

_REMOVED = r"(?:removed|taken off|unsubscribed|opted out|deleted|left alone)"
_DIGITS = r"(?:1 ?)?\d{3} ?\d{3} ?\d{4}"
_THING = r"(?:number|phone|cell|name|contact|info|information|details|digits)"
_OUR_THING = (
    rf"(?:my|this|our)(?: \w+)? {_THING}\b(?!(?: \w+)? (?:tag|badge|plate|card|book)"
    rf"| (?:from|off|on)(?: of)?(?: (?:the|that|this))?(?: \w*day| \w+)? (?:sheet|schedule|roster|rota"
    rf"|calendar|shift|table)"
    rf"| (?:from|off|on)(?: of)?(?: (?:the|that|this))? (?:\w+day|waiting|wait|guest|carpool|snack)\b)"
)
_HOUR_OR_DAY = (
    r"(?: (?:the|that|this|next))? (?:\d{1,2}(?: ?\d\d)? ?(?:am|pm|a m|p m|o ?clock)?(?= |\||$)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|noon|morning|afternoon|evening|night|late|early)\b"
)
_NO_SHIFT = (
    r"(?!(?: of)?(?: \w+){0,3}? (?:shifts?|schedule|roster|rota|calendar|slot|shuttle|bus|hook|board|guard|street"
    r"|corner|bridge)\b"
    r"| (?:at(?! once)|on|for(?! good| ever)|by(?! now)|near) "
    rf"|(?: of)?{_HOUR_OR_DAY})"
)
_MY_LIST = (
    rf"{LISTED}|(?: (?:this|the|your|ur))?(?: (?:group|thread|text|program|chat))?(?: {AGAIN}| now| please|{END})"
)

ASKING_TO_REMOVE = (
    (
        "remove delete erase unenroll deregister unlist delist purge",
        (
            rf" (?:me|us|myself)\b(?! (?:from|off)(?:{_HOUR_OR_DAY}"
            r"|(?: \w+){0,3}? (?:shifts?|schedule|roster|rota|slot)\b))",
            rf" {_DIGITS}\b",
        ),
    ),
    ("removing deleting", (r" (?:me|myself|us)\b", rf" {_OUR_THING}")),
    ("taking", (r" (?:me|us) off\b", rf" {_OUR_THING} off\b")),
    ("rid", (rf" of (?:me|us|{_OUR_THING})",)),
    ("un de", (r" ?list (?:me|us|my|this)\b",)),
    ("unfollow", (rf" (?:me|us|you|this){END}",)),
    (
        "remove delete erase lose forget unlist purge discard trash dump",
        (
            rf" {_OUR_THING}",
            r" (?:the|that) (?:number|phone number)\b(?! (?:i found|we found|on|at|in"
            r"|for|from the|later)\b)",
        ),
    ),
    ("remove delete take removed", (rf" from{LISTED}",)),
    (
        "this our my",
        (
            r"(?: (?:phone|cell|mobile|land|fax|work))? (?:number|phone|line|cell|landline|mailbox|inbox|extension)"
            r" (?:is|isnt|belongs|has|was|does|doesnt|cant|cannot|no|not|goes|will)\b"
            r"(?! (?:down|broken|off|on|at|wrong|out|old)\b)(?: \w+){1,9}?[ |](?:\w+ ){0,2}?"
            rf"(?:remove|delete|erase|unsubscribe) (?:it|this)(?: (?:from|off){LISTED}|(?: (?:please"
            rf"|pls|now|thanks))*{END})",
        ),
    ),
    (
        "take get scratch strike cross drop pull keep",
        (
            rf" (?:me|us|myself) (?:off|out|from){_NO_SHIFT}(?: of)?(?:{LISTED}| {LEAVE_FROM}|{_MY_LIST}"
            rf"|(?= [a-z]+ (?:i|you|we)\b))",
            rf" {_OUR_THING} (?:off|out|from)\b",
            rf" off {_OUR_THING}",
        ),
    ),
    (
        "take get drop strike scratch cross pull",
        (rf" (?:the number )?{_DIGITS} (?:off|out|from)\b{_NO_SHIFT}", rf" {_DIGITS}{END}"),
    ),
    ("cancel end", (rf"(?: (?:for|to))? {_DIGITS}{SOON}{END}",)),
    ("take", (rf" (?:me|us) off\b{_NO_SHIFT}", rf" out {_OUR_THING}")),
    ("get have", (r" (?:my|this)(?: \w+)? (?:number|phone|name) (?:off|out of|removed|deleted|taken off)\b",)),
    ("get be i", (rf" off(?: of)? {LEAVE_FROM}(?: \w+)? (?:list|lists|thread|texts|messages)\b",)),
    ("get", (r" (?:me|us) off(?: of)? (?:this|the|your|ur|that)\b",)),
    (
        "drop strike scratch unlist delist",
        (
            rf" (?:me|us|my (?:number|name)|this (?:number|phone|contact))(?: please| now)*{END}",
            rf" (?:me|us) from{LISTED}",
        ),
    ),
    ("strike scratch cross drop", (rf" {_OUR_THING} (?:from|off|out)\b",)),
    ("off", (r"(?: of)? (?:your|ur)(?: \w+){0,2} lists?\b",)),
    ("want like id need", (rf" (?:off|out of)(?: of)?(?:{_MY_LIST}|{WHICH}{TEXTS})",)),
    ("let", (rf" (?:me|us) (?:off|out)(?: of)? {LEAVE_FROM}",)),
    (
        "want wish like need ask asked asking request requested please i we possible",
        (rf"(?: to)? (?:be|get) {_REMOVED}\b",),
    ),
    ("want wish like need", (rf" to {UNSUBSCRIBE}\b", rf" (?:do|can) (?:i|we)(?: \w+)? {UNSUBSCRIBE}\b")),
    (
        "unsubscribe unsuscribe unsubcribe unsub unscribe",
        (r" (?:me|us|my|this|from|please|pls|now|immediately|asap|all)\b",),
    ),
    ("opt", (r" (?:me|us) out\b", rf" ?out(?: (?:please|pls|now|me|all)\b| of{WHICH}(?:{TEXTS}| lists?\b|{END}))")),
    (
        "deactivate disable suspend",
        (
            rf"(?: (?:all|any|the|these|those|this|my))*(?: text| sms)? (?:texts?|messages|msgs|sms"
            rf"|alerts|notifications|reminders){SOON}{END}",
        ),
    ),
    (
        "cancel end terminate discontinue deactivate disable undo",
        (
            rf" (?:my|our|the|this) (?:sign ?up|enrol?lment|registration|opt ?in)(?: \w+)? (?:for|to"
            rf"|in|of){WHICH}{TEXTS}",
        ),
    ),
    (
        "cancel end terminate discontinue",
        (
            rf"{WHICH}(?:{TEXTS}| (?:\w+ )?subscriptions?\b)",
            rf" (?:me|everything|my number|this number){END}",
        ),
    ),
)
