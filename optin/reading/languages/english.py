"""English sentences that ask for no more messages, as rows (see language.py). Pure.

A row of FORBIDDING also stands in statements ("I do not text"): it does not count after a subject. Threats and
wrong numbers stand in english_threats.py, "take me off the list" in english_removal.py.
"""

from optin.reading.languages.english_removal import ASKING_TO_REMOVE
from optin.reading.languages.english_words import AGAIN, LEAVE_FROM, NOUN, SOON, TEXTS, US, WHICH
from optin.reading.languages.language import END

_TEXTING = r" (?:texting|txting|messaging|contacting|calling|bothering|harassing|spamming|bugging|emailing|annoying)"
_TO_TEXT = r"(?:message|msg|contact|sms|bother|harass|spam|email|write)"

_STOP_TEXTING = (
    rf"(?: all)?(?: the)?(?: \w{{2,9}}ing(?: (?:and|or|n|nor))?){{0,3}}{_TEXTING}(?:(?: to)? {US}\b"
    rf"| (?:{AGAIN}|now|immediately)\b|{END})",
    rf" sending(?: (?:me|us)\b|{WHICH}{TEXTS}|{WHICH}(?: \w+)? to (?:me|us|my)\b|(?: (?:this|these|those|it"
    rf"|stuff))?{END})",
    rf"(?: with| w)?{WHICH}{TEXTS}",
    rf" (?:please|pls|plz|por favor){SOON}{END}",
    rf" (?:receiving|getting)(?: \w+){{0,3}}(?:{TEXTS}| (?:them|these|this)\b)",
    rf"(?: all)? (?:contact|communication|contacts){END}",
)
_VERB = r"(?:call|phone|ring|text|txt|message|msg|dm|sms|email|e mail|mail|write|contact|bother|harass|visit|spam)"
_OURS = r"(?:me|us|here|(?:this|my|our) (?:number|phone|cell|line|mobile))"
_UNLESS = (
    r"(?! (?:after|before|until|till|while|during|at|on|in|so|when|from|if|and driv|her|him|them|back|yet|out|text me"
    r"|email me|call me|just (?:text|call|email))\b)(?![^|]* instead\b)"
)
_VERBS = rf"(?: {_VERB}){{1,3}}(?: (?:or|and|n|nor))? {_VERB}\b(?: (?:or|and|n|nor) {_VERB}\b)?{_UNLESS}"
# "do not text my son", "don't text the work phone": said of a phone or a child that we text.
_OUR_PHONE = (
    r"(?: to)? (?:(?:my|our)(?: \w+)? (?:sons?|daughters?|kids?|child|children|minors?|grand(?:son|daughter|child"
    r"|kids?)"
    r"|(?:phone|cell|cellphone|mobile|number|line|landline)s?)|(?:the|this|that) (?:house|home|work|office|family"
    r"|school"
    r"|business|land|kids?) ?(?:phone|line|number|cell))"
    rf"(?: (?:{AGAIN}|at all|now|thanks|thank you))*{END}"
)
_FORBID_TEXTING = (
    rf"(?: (?:ever|please|pls|you|u|to))*(?: (?:{_VERB}|or|and|nor)){{1,4}}{_OUR_PHONE}|"
    rf"(?: (?:ever|please|pls|you|u|dare|to|continue|keep))*(?:{_VERBS}(?: (?:(?:to )?{_OURS}|{AGAIN}"
    rf"|now|at all)\b|{END})"
    rf"|{_VERBS} (?:me|us)\b{_UNLESS})|"
    r"(?: (?:ever|please|pls|you|u|dare|to|continue|keep))*(?: (?:text|txt)(?:ing)?\b(?! (?:and|n|while) driv"
    r"| (?!me\b|us\b|this\b|my\b|here\b|again\b|any|please\b|pls\b|ever\b|no\b|it\b|back\b)\w+(?: \w+)?"
    r" (?:call|ask|email|see|tell|use|ring) (?:him|her|them)\b"
    r"| (?!me\b|us\b|this\b|my\b|here\b)\w+ (?:hes|shes|theyre|he|she|they)\b"
    r"| (?:mrs?|ms|dr|miss)\b| (?:or|and|n) \w+ (?:him|her|them|his|their|the|until|till|after|before"
    r"|while|at|my (?!number|phone|cell))\b"
    r"| (?:him|her|them|his|yet|while|the|my (?!number|phone|cell))\b)"
    rf"|(?: {_TO_TEXT}|{_TEXTING})(?: to)?(?: (?:{US}|{AGAIN}|list)\b|{END})"
    rf"|(?: send| sending)(?: me| us)?(?:{END}| (?:any|anything|nothing|no|more|these|those|this|texts?|messages?"
    rf"|sms|msgs?|your"
    rf"|ur|stuff|spam|{AGAIN})\b))"
)
_NOT_WANTED = (
    rf" (?:want|wish|care|like|need|wanting)(?: to)?(?: (?:receive|get|getting"
    rf"|receiving))?{WHICH}{TEXTS}(?! (?:before|after|until|at|during)\b)",
    r" (?:want|wish|care|wanna|wanting)(?: to)?(?: (?:receive|get|have|see|be getting))?(?: any(?: more)?)?(?: of)?"
    rf" (?:these|them|those)(?: things)?(?: {AGAIN}| from (?:you|u)|{END})",
    r" (?:want|wish|care)(?: to)?(?: (?:receive|get|have|see))? (?:this|it) (?:any ?more|any longer|from (?:you|u))\b",
    r" (?:want|wish|care)(?: (?:for )?you)? to (?:receive (?:any|anything|nothing|more|these|this|them|your)\b"
    r"|be (?:contacted|texted|messaged|called|subscribed|bothered|on (?:this|your|the|any)|(?:a )?part of (?:this"
    r"|your))\b"
    rf"|hear from\b|(?:text|{_TO_TEXT}) {US}\b)",
)
_NO_CONSENT = rf" consent(?: to (?:these|this|receiv\w+|texts|messages|being|be)\b|{END})"
_CONSENT = r"(?:consent|permission|authorization|authorisation)"
_NO_PERMISSION = (
    r"(?: (?:longer|do|have|has|had|you|u|i|we|give|gave|given|grant|granted|provide|provided|ever|get|got|my|our|any"
    rf"|the|prior|written|express|your|no|a)){{0,6}} {_CONSENT}\b"
    rf"(?:{END}| (?:to|for|on|of)(?: \w+)? (?:text|contact|message|call|send|use|this|these|me|texts|my|texting)\b"
    rf"| and\b)"
)
_I_SAID_STOP = (
    r"(?: (?:have|already|just|keep|kept))* (?:texted|said|replied|sent|typed|saying|texting"
    rf"|(?:told|asked)(?: you)?(?: to)?) stop(?: (?:already|before|twice|many|multiple|several|and|last|again"
    rf"|\d)\b|{END})"
)
_NOT_ASKING = (
    r"(?<!did i)(?<!do i)(?<!can i)(?<!could i)(?<!should i)(?<!may i)(?<!if i)(?<!when i)(?<!was i)(?<!am i)"
    r"(?<!been i)(?<!think i)"
)

FORBIDDING = (
    ("dont dnt never", (_FORBID_TEXTING,)),
    ("do don", (rf" (?:not|n ?t|t)(?:{_FORBID_TEXTING})",)),
    (
        "turn shut switch",
        (
            rf" off(?: (?:all|the|these|those|this|my|any))*(?: texts?| messages| msgs| sms| alerts"
            rf"| notifications){SOON}{END}",
        ),
    ),
)

_ASKING_TO_STOP = (
    ("stop stopp quit cease halt discontinue", _STOP_TEXTING),
    ("discontinue", (r" (?:the )?(?:service|program)\b",)),
    ("please pls plz plse kindly", (rf"(?: just)? (?:stop|stooo*p+|stoppp+|unsubscribe|opt ?out|cease){SOON}{END}",)),
    ("can could would will", (rf" (?:you|u)(?: please| just| kindly)* (?:stop|unsubscribe|opt ?out){SOON}{END}",)),
    (
        "i ive",
        (
            _I_SAID_STOP,
            rf"{_NOT_ASKING}(?: (?:am|m|have|ve|already))* (?:opt(?:ing|ed)? ?out|unsubscribed?)(?: \w+){{0,2}}{END}",
        ),
    ),
    (
        "stopped stop quit stopping",
        (
            r"(?: (?:sending me|blowing up|filling up|hitting|spamming|contacting))?(?: up)?(?: with)?(?: my| our"
            r"| this){1,2} (?:phone|inbox|number|cell)\b",
        ),
    ),
    (
        "you u mind",
        (
            rf" (?:stopped|quit|stopping|would stop|will stop|could stop|please stop){_TEXTING} {US}\b",
            r" (?:stopped|stopping) sending\b",
        ),
    ),
    (
        "rather prefer",
        (
            r"(?: you)?(?: to)? not(?: to)? (?:receive|get|be (?:texted|contacted|messaged)|hear from|text|contact"
            r"|message)\b",
        ),
    ),
    ("already", (r" (?:said|texted|sent|replied|told you to|asked you to) stop\b",)),
    (
        "time times",
        (
            r"(?: (?:i|ive|im|i have|i am))? (?:texting|saying|texted|said|asking|asked|sending|sent"
            r"|typing)(?: you)?(?: to)? stop\b",
        ),
    ),
    ("im am", (r" (?:opting out|unsubscribing)\b",)),
    ("how", (r" many times(?: \w+){1,8}? (?:stop|unsubscribe|remove|opt out)\b",)),
    ("texts messages msgs these those notifications alerts", (r"(?: all)? (?:to|must|have to|need to|should) stop\b",)),
    (
        "want need like",
        (
            r" (?:this|it|(?:the|your|all|these|those)(?: of)?(?: these| the)?(?: \w+)?"
            rf" {NOUN})(?: all)? to (?:stop|end|cease)\b",
        ),
    ),
    ("make", (rf"(?: (?:the|these|those|this|all))*(?:{TEXTS}| these| this) stop\b",)),
    (
        "refrain desist cease",
        (r"(?: and desist)?(?: from)?(?: all)? (?:texting|contact\w*|messag\w*|send\w*|communicat\w*)\b",),
    ),
    ("cease", (r" (?:and )?desist\b",)),
    ("leave", (r" (?:me|us|(?:this|my|our) (?:number|phone|cell|line))(?: the \w+)? alone\b", rf" (?:me|us) be{END}")),
    ("let", (rf" (?:me|us) be(?: (?:now|please|stop))*{END}",)),
)
_SAYING_NO = (
    (
        "no",
        (
            rf" (?:more|further)(?: of)?{WHICH}(?: \w+)?(?:{TEXTS}| calls\b(?! (?:today|tonight|this"
            rf"|until|for (?:today|now)|before|after|at|during)\b))",
            rf" {NOUN} (?:{AGAIN}|ever|to me)\b",
            rf" (?:calls|emails) (?:or|and|n|nor|no) {NOUN}(?: (?:{AGAIN}|thanks|thank you))*{END}",
            rf" {NOUN} (?:or|and|n|nor|no)(?: phone)? (?:calls|emails)(?: (?:{AGAIN}|thanks|thank you))*{END}",
            rf" more (?:of )?(?:these|those|this|them)(?: please| thanks| thank you)*{END}",
            *(rf" longer{row}" for row in (*_NOT_WANTED, _NO_CONSENT)),
            rf" longer (?:want|wish|wanting)(?: (?:this|it|these|them|any)){{1,3}}{END}",
            r" longer (?:want|wish) to (?:get|receive|be)(?: \w+)? (?:this|it|these|them)\b",
        ),
    ),
    ("not dont dnt never didnt", _NOT_WANTED),
    (
        "not longer",
        (
            rf" interested in(?: (?:getting|receiving|being sent|hearing|reading))?{WHICH}{TEXTS}(?![^|]* but\b)",
            rf" interested in (?:getting|receiving)(?: any)? (?:these|them|those)(?: (?:{AGAIN}|thanks))*{END}",
        ),
    ),
    ("do don", tuple(rf" (?:not|n ?t|t){row}" for row in (*_NOT_WANTED, _NO_CONSENT))),
    ("dont dnt never", (_NO_CONSENT, r" consented to (?:this|these|receiv\w+|be|being|texts|any)\b")),
    ("enough", (rf" (?:with|of) {LEAVE_FROM[:-2]}(?: \w+)?{TEXTS}",)),
    ("no not without never dont didnt", (_NO_PERMISSION,)),
    (
        "revoke withdraw revoking withdrawing rescind retract cancel end take taking pull",
        (rf"(?: back)?(?: (?:my|all|any|prior|our|previous))* (?:{_CONSENT}|opt ?in)\b",),
    ),
    ("consent permission", (r" (?:is |has been |was |is hereby )?(?:revoked|withdrawn|rescinded|denied)\b",)),
    ("do dont not", (r" (?:not )?(?:call|contact|text|disturb)(?: registry| list)\b",)),
    ("dnc", (r" (?:list|registry)\b",)),
)
# What follows a clear word at the beginning of a sentence and leaves it clear: "stop I never signed up for this".
LEADING = (
    (
        "stop stopall unsubscribe quit cease remove",
        (
            rf"(?: (?:for|to|on|from))?(?: 1)? ?\d[\d ]{{6,}}{END}",
            r"(?: it| this)?(?: now| please)? (?:or|before) (?:i|ill|im|you|we|well|my)\b",
            r" i have (?:the wrong|no|a new|another|a different|enough|too)\b",
            r" i (?:never|did|didnt|do not|dont|am not|no longer|moved|told|asked|said|already|have (?:asked|told"
            r"|moved|never"
            r"|already|not)|hate|quit|changed|unsub\w*|revoke|withdraw|opted|want (?:out|off|no))\b",
            r" (?:im|i am) (?:not|no longer|unsub\w*|done|opting|tired|sick|blocking|reporting)\b",
            r" ive (?:asked|told|moved|never|already|had)\b",
            r" we (?:moved|never|did|didnt|dont|do not|are not|have (?:asked|moved|never))\b",
            r" (?:this|that|it)(?: is|s) (?:the \w+ time|my \w+ time|spam|harass\w+|annoying|not|illegal|ridiculous"
            r"|enough|too much|a scam)\b",
            r" (?:who (?:is|are|r)|whos|how did you|where did you|why (?:do|are) you|what is this|whats this)\b",
            r" (?:you are|youre|ur|u r) (?:annoying|harassing|bothering|spamming|sending|texting|driving|wasting"
            r"|bugging)\b",
            r"(?: and| n)? (?:remove|delete|take|do not|dont (?:text|txt|contact|call|message|send|ever|reply"
            r"|respond)|never"
            r"|block|unsub\w*|lose|erase)\b",
            r" (?:not interested|wrong \w+|no longer)\b",
        ),
    ),
    (
        "enough",
        (rf"(?: (?:of|with))?{WHICH}{TEXTS}(?: (?:already|please|pls|now|thanks|people|guys|from you))*{END}",),
    ),
)
ENGLISH = (*_ASKING_TO_STOP, *ASKING_TO_REMOVE, *_SAYING_NO)
