"""English sentences that ask for no more messages, as rows (see language.py). Pure.

A row of FORBIDDING also stands in statements ("I do not text"): it does not count after a subject.
"""

from optin.consent.languages.language import END

_US = r"(?:me|us|my|this (?:number|phone)|here)"
_WHICH = (
    r"(?: (?:all|any|the|these|those|this|your|ur|my|more|further|such|so many|of|damn|stupid|fucking|f ing|annoying))*"
)
_NOUN = (
    r"(?:text messages?|text alerts|texts|txts|texting|messages|messaging|mess?a?ges|mssgs|msgs|sms|mms|notifications"
    r"|reminders)"
)
_TEXTS = rf" (?:{_NOUN}\b|(?:text|txt|msg|message|spam|alerts|updates|promotions|promos|subscriptions?){END})"
_TEXTING = r" (?:texting|txting|messaging|contacting|calling|bothering|harassing|spamming|bugging|emailing|annoying)"
_TO_TEXT = r"(?:message|msg|contact|sms|bother|harass|spam|email|write)"
_SOON = r"(?: (?:please|pls|now|it|this|thanks|thank you|thx|immediately|asap|already|gracias|ya))*"
_UNSUBSCRIBE = r"(?:unsu\w{2,7}be|unsub|opt ?out)"
_AGAIN = r"(?:again|no more|any ?more|any longer|ever|please|pls)"
_REMOVED = r"(?:removed|taken off|unsubscribed|opted out|deleted|left alone)"
_LISTED = r"(?: of)?(?: (?:the|your|this|ur|all|any))*(?: \w+){0,2} (?:lists?|database|contacts|records|system)\b"
_THING = r"(?:number|phone|cell|name|contact|info|information|details|digits)"
_OUR_THING = rf"(?:my|this|our)(?: \w+)? {_THING}\b(?!(?: \w+)? (?:tag|badge|plate|card|book))"
_LEAVE_FROM = r"(?:this|the|your|ur|that|these|those|here|any|all|whatever)\b"
_NO_SHIFT = (
    r"(?!(?: of)?(?: \w+){0,3}? (?:shifts?|schedule|roster|rota|calendar|slot|shuttle|bus|hook|board|guard|street"
    r"|corner|bridge)\b"
    r"| (?:at|on|for|by|near) )"
)

_STOP_TEXTING = (
    rf"(?: all)?(?: the)?(?: \w{{2,9}}ing)?{_TEXTING}(?:(?: to)? {_US}\b| (?:{_AGAIN}|now|immediately)\b|{END})",
    rf" sending(?: (?:me|us)\b|{_WHICH}{_TEXTS}|{_WHICH}(?: \w+)? to (?:me|us|my)\b|(?: (?:this|these|those|it"
    rf"|stuff))?{END})",
    rf"(?: with| w)?{_WHICH}{_TEXTS}",
    rf" (?:please|pls|plz|por favor){_SOON}{END}",
    rf" (?:receiving|getting)(?: \w+){{0,3}}(?:{_TEXTS}| (?:them|these|this)\b)",
    rf"(?: all)? (?:contact|communication|contacts){END}",
)
_FORBID_TEXTING = (
    r"(?: (?:ever|please|pls|you|u|dare|to|continue|keep))*(?: (?:text|txt)(?:ing)?\b(?! (?:and|n|while) driv"
    r"| (?:him|her|them|his|yet|while|the|my (?!number|phone|cell))\b)"
    rf"|(?: {_TO_TEXT}|{_TEXTING})(?: to)?(?: (?:{_US}|{_AGAIN}|list)\b|{END})"
    rf"|(?: send| sending)(?: me| us)?(?:{END}| (?:any|anything|nothing|no|more|these|those|this|texts?|messages?"
    rf"|sms|msgs?|your"
    rf"|ur|stuff|spam|{_AGAIN})\b))"
)
_NOT_WANTED = (
    rf" (?:want|wish|care|like|need|wanting)(?: to)?(?: (?:receive|get|getting"
    rf"|receiving))?{_WHICH}{_TEXTS}(?! (?:before|after|until|at|during)\b)",
    r" (?:want|wish|care|wanna|wanting)(?: to)?(?: (?:receive|get|have|see|be getting))?(?: any(?: more)?)?(?: of)?"
    rf" (?:these|them|those)(?: things)?(?: {_AGAIN}| from (?:you|u)|{END})",
    r" (?:want|wish|care)(?: to)?(?: (?:receive|get|have|see))? (?:this|it) (?:any ?more|any longer|from (?:you|u))\b",
    r" (?:want|wish|care)(?: (?:for )?you)? to (?:receive (?:any|anything|nothing|more|these|this|them|your)\b"
    r"|be (?:contacted|texted|messaged|called|subscribed|bothered|on (?:this|your|the|any)|(?:a )?part of (?:this"
    r"|your))\b"
    rf"|hear from\b|(?:text|{_TO_TEXT}) {_US}\b)",
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
_COURT = r"(?:sue|suing|(?:my|our|a|an|the) (?:lawyer|attorney)|legal action|small claims|court|the police|the cops)"
_AUTHORITY = r"(?:fcc|ftc|attorney general|better business bureau|bbb|authorities|state ag|do not call registry)"
_MY_LIST = (
    rf"{_LISTED}|(?: (?:this|the|your|ur))?(?: (?:group|thread|text|program|chat))?(?: {_AGAIN}| now| please|{END})"
)

FORBIDDING = (("dont dnt never", (_FORBID_TEXTING,)), ("do don", (rf" (?:not|n ?t|t){_FORBID_TEXTING}",)))

_ASKING_TO_STOP = (
    ("stop stopp quit cease halt discontinue", _STOP_TEXTING),
    ("discontinue", (r" (?:the )?(?:service|program)\b",)),
    ("please pls plz plse kindly", (rf"(?: just)? (?:stop|stooo*p+|stoppp+|unsubscribe|opt ?out|cease){_SOON}{END}",)),
    ("can could would will", (rf" (?:you|u)(?: please| just| kindly)* (?:stop|unsubscribe|opt ?out){_SOON}{END}",)),
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
            rf" (?:stopped|quit|stopping|would stop|will stop|could stop|please stop){_TEXTING} {_US}\b",
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
            rf" {_NOUN})(?: all)? to (?:stop|end|cease)\b",
        ),
    ),
    ("make", (rf"(?: (?:the|these|those|this|all))*(?:{_TEXTS}| these| this) stop\b",)),
    (
        "refrain desist cease",
        (r"(?: and desist)?(?: from)?(?: all)? (?:texting|contact\w*|messag\w*|send\w*|communicat\w*)\b",),
    ),
    ("cease", (r" (?:and )?desist\b",)),
    ("leave", (r" (?:me|us)(?: the \w+)? alone\b", rf" (?:me|us) be{END}")),
    ("let", (rf" (?:me|us) be(?: (?:now|please|stop))*{END}",)),
)
_ASKING_TO_REMOVE = (
    (
        "remove delete erase unenroll deregister unlist delist purge",
        (r" (?:me|us|myself)\b", r" \d{3} ?\d{3} ?\d{4}\b"),
    ),
    ("removing deleting", (r" (?:me|myself|us)\b", rf" {_OUR_THING}")),
    ("taking", (r" (?:me|us) off\b", rf" {_OUR_THING} off\b")),
    ("rid", (rf" of (?:me|us|{_OUR_THING})",)),
    ("un de", (r" ?list (?:me|us|my|this)\b",)),
    ("unfollow", (rf" (?:me|us|you|this){END}",)),
    ("remove delete erase lose forget unlist", (rf" {_OUR_THING}", r" (?:the|that) (?:number|phone number)\b")),
    ("remove delete take removed", (rf" from{_LISTED}",)),
    (
        "take get scratch strike cross drop pull keep",
        (
            rf" (?:me|us|myself) (?:off|out|from){_NO_SHIFT}(?: of)?(?:{_LISTED}| {_LEAVE_FROM}|{_MY_LIST}"
            rf"|(?= [a-z]+ (?:i|you|we)\b))",
            rf" {_OUR_THING} (?:off|out|from)\b",
            rf" off {_OUR_THING}",
        ),
    ),
    ("take", (rf" (?:me|us) off\b{_NO_SHIFT}", rf" out {_OUR_THING}")),
    ("get have", (r" (?:my|this)(?: \w+)? (?:number|phone|name) (?:off|out of|removed|deleted|taken off)\b",)),
    ("get be i", (rf" off(?: of)? {_LEAVE_FROM}(?: \w+)? (?:list|lists|thread|texts|messages)\b",)),
    ("get", (r" (?:me|us) off(?: of)? (?:this|the|your|ur|that)\b",)),
    (
        "drop strike scratch unlist delist",
        (rf" (?:me|us|my (?:number|name))(?: please| now)*{END}", rf" (?:me|us) from{_LISTED}"),
    ),
    ("strike scratch cross drop", (rf" {_OUR_THING} (?:from|off|out)\b",)),
    ("off", (r"(?: of)? (?:your|ur)(?: \w+){0,2} lists?\b",)),
    ("want like id need", (rf" (?:off|out of)(?: of)?(?:{_MY_LIST})",)),
    ("let", (rf" (?:me|us) (?:off|out)(?: of)? {_LEAVE_FROM}",)),
    ("want wish like need ask asked asking request requested please i", (rf"(?: to)? (?:be|get) {_REMOVED}\b",)),
    ("want wish like need", (rf" to {_UNSUBSCRIBE}\b", rf" (?:do|can) (?:i|we)(?: \w+)? {_UNSUBSCRIBE}\b")),
    (
        "unsubscribe unsuscribe unsubcribe unsub unscribe",
        (r" (?:me|us|my|this|from|please|pls|now|immediately|asap|all)\b",),
    ),
    ("opt", (r" (?:me|us) out\b", rf" ?out(?: (?:please|pls|now|me|all)\b| of{_WHICH}(?:{_TEXTS}| lists?\b|{END}))")),
    (
        "cancel end terminate discontinue",
        (rf"{_WHICH}(?:{_TEXTS}| (?:\w+ )?subscriptions?\b)", rf" (?:me|everything|my number|this number){END}"),
    ),
)
_SAYING_NO = (
    (
        "no",
        (
            rf" (?:more|further)(?: of)?{_WHICH}(?: \w+)?(?:{_TEXTS}| calls\b)",
            rf" {_NOUN} (?:{_AGAIN}|ever|to me)\b",
            rf" more (?:of )?(?:these|those|this|them)(?: please| thanks| thank you)*{END}",
            *(rf" longer{row}" for row in (*_NOT_WANTED, _NO_CONSENT)),
            rf" longer (?:want|wish|wanting)(?: (?:this|it|these|them|any)){{1,3}}{END}",
            r" longer (?:want|wish) to (?:get|receive|be)(?: \w+)? (?:this|it|these|them)\b",
        ),
    ),
    ("not dont dnt never didnt", _NOT_WANTED),
    ("do don", tuple(rf" (?:not|n ?t|t){row}" for row in (*_NOT_WANTED, _NO_CONSENT))),
    ("dont dnt never", (_NO_CONSENT, r" consented to (?:this|these|receiv\w+|be|being|texts|any)\b")),
    ("enough", (rf" (?:with|of) {_LEAVE_FROM[:-2]}(?: \w+)?{_TEXTS}",)),
    ("no not without never dont didnt", (_NO_PERMISSION,)),
    (
        "revoke withdraw revoking withdrawing rescind retract cancel end take taking pull",
        (rf"(?: back)?(?: (?:my|all|any|prior|our|previous))* (?:{_CONSENT}|opt ?in)\b",),
    ),
    ("consent permission", (r" (?:is |has been |was |is hereby )?(?:revoked|withdrawn|rescinded|denied)\b",)),
    ("do dont not", (r" (?:not )?(?:call|contact|text|disturb)(?: registry| list)\b",)),
    ("dnc", (r" (?:list|registry)\b",)),
)
_THREATS = (
    ("spam", (r"(?: and| so)?(?: im| i am)? block(?:ed|ing)\b",)),
    ("another more", (rf" (?:text|message)(?: \w+){{0,7}}? {_COURT}\b",)),
    ("sue suing", (r" (?:you|u|your|ur)\b",)),
    (
        "legal lawyer attorney lawyers sue court police",
        (
            r"(?: \w+){0,8}? (?:if|when|next time) (?:you|u|i get)(?: ever)? (?:text|contact|message|call|send"
            r"|another|one more)\b",
        ),
    ),
    ("sue lawyer attorney", (r" (?:if|next time)(?: \w+){0,3} (?:text|texts|message|contact)\b",)),
    (
        "text texts texted message contact messages",
        (
            rf"(?: \w+){{0,4}}? (?:and|or|then)(?: \w+){{0,2}} (?:i|ill|im|we|well|you)(?: \w+){{0,5}}? {_COURT}\b",
            rf" (?:me|us|this number|my phone)(?: \w+){{0,2}} (?:i|ill|im|we)(?: \w+){{0,5}}? {_COURT}\b",
            r" (?:me|us|this number) (?:again|one more time)(?: \w+){0,3} (?:ill|i will"
            r"|im)(?: \w+){0,3} (?:report|block)",
        ),
    ),
    (
        "report reporting reported",
        (rf"(?: (?:this|it|you|u|your|number))* (?:to|with)(?: (?:the|my))? {_AUTHORITY}\b",),
    ),
    ("reporting reported report", (r" (?:this|you|u|your number|this number)(?: (?:number|as|for))* spam(?:ming)?\b",)),
    ("complaint complaining complain", (rf"(?: (?:with|to|against|about|you))*(?: the)? {_AUTHORITY}\b",)),
    (
        "blocking blocked",
        (r" (?:and|n) report\w*\b", rf" (?:you|u|your number|this number|this)(?: now| and (?:report|delet)\w*)*{END}"),
    ),
    ("block", (rf" (?:you|u|your number|this number)(?: now| too| and \w+)*{END}",)),
    ("youre ur you", (rf"(?: are| re| have been)? (?:being )?blocked{END}",)),
)
_WRONG_NUMBER = (
    ("wrong", (r" (?:number|phone number|num|nbr)\b", rf" no{END}")),
    (
        "have got texting texted reached messaging messaged",
        (r"(?: the)? wrong (?:person|guy|one|man|woman|girl|lady)\b",),
    ),
)

# What follows a clear word at the beginning of a sentence and leaves it clear: "stop I never signed up for this".
LEADING = (
    (
        "stop stopall unsubscribe quit cease remove",
        (
            rf"(?: (?:for|to|on|from))?(?: 1)? ?\d[\d ]{{6,}}{END}",
            r"(?: it| this)?(?: now| please)? (?:or|before) (?:i|ill|im|you|we|well|my)\b",
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
)
ENGLISH = (*_ASKING_TO_STOP, *_ASKING_TO_REMOVE, *_SAYING_NO, *_THREATS, *_WRONG_NUMBER)
