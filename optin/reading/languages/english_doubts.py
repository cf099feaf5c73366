"""English sentences that may ask to be left alone: a person decides, unless the use is plain (plain_use.py). Pure."""

from optin.reading.languages.language import END

_NUMBER = r"(?:number|info|information|contact|phone|cell|name)"
_THESE = (
    rf"(?: (?:these|this|them|those){END}|(?: (?:these|those|your|ur|the|this|so many|all))*"
    r" (?:texts|messages|msgs|reminders|notifications|alerts)\b(?! from (?!you\b|u\b|this\b|here\b)))"
)
# Whom not to text may be the very person that the text comes from: "don't text my wife", "do not text the church".
_FORBIDDEN = (
    r"(?: (?:ever|please|pls|you|u|dare|be|to|continue|keep))*(?: (?:call|phone|email|ring)(?: (?:or|and|nor))?)*"
    r" (?:te?xt|txt|messag|msg|contact|sms|bother|harass|spam)(?:e|ing|ting)?\b(?! (?:and|n|or|while|when) driv"
    r"| back\b| (?:me )?instead\b| (?:is|works)\b"
    rf"|{END}| (?!my\b|our\b|the\b|this\b|here\b)\w+(?: \w+)? (?:call|ask|email|see|tell|use|ring) (?:him|her|them)\b"
    r"| (?!my\b|our\b|the\b|this\b|here\b)\w+ (?:hes|shes|theyre|he|she|they)\b| (?:mrs?|ms|dr|miss)\b)"
    r"|(?: (?:ever|please|pls))* send(?: (?:any|more|these|those|your))* (?:texts?|messages?|msgs|sms|anything)\b"
)
_ANY_MORE = r"(?: (?:any ?more|any longer))"

ENGLISH_DOUBTS = (
    ("stop stopp stops stopall cancel end quit revoke optout", ("",)),
    ("unsubscribe unsubscribed unsubscribing unsub unsuscribe unsubcribe unscribe", ("",)),
    ("opt opted opting", (r"(?: me| us)? out\b",)),
    ("un", (r" ?subscribe\b",)),
    ("not never", (r" interested\b", r" sign(?:ed)? up\b", r" asked? for (?:this|these|any)\b", r" subscribed?\b")),
    ("didnt", (r" (?:sign up|subscribe|ask for (?:this|these|any))\b",)),
    ("no", (r" longer interested\b",)),
    (
        "want",
        (
            r" out\b(?! (?:on|to|for|in|at)\b)",
            r" off\b(?! (?:on|for|work|at|early|day|that|tomorrow|today|next|this (?:week|sat|sun|mon|fri)))",
        ),
    ),
    ("dont never", (r" consent\b", rf" call(?:ing)?(?: (?:me|us|this number|here|again|any ?more)\b|{END})")),
    ("do", (r" not consent\b", rf" not call(?: (?:me|us|this number|here|again|any ?more)\b|{END})")),
    ("dont not never", (r" send me\b",)),
    ("dont dnt never", (_FORBIDDEN,)),
    ("do don", (rf" (?:not|n ?t|t){_FORBIDDEN}",)),
    (
        "will must may shall can cannot cant wont",
        (r"(?: (?:no longer|not|never))+ (?:text|txt|message|contact|call)\b",),
    ),
    (
        "not never",
        (r"(?: be)? (?:authori[sz]ed|allowed|permitted|welcome) to (?:text|txt|message|contact|call|send)\b",),
    ),
    ("will", (r" (?:not|no longer|never)(?: ever)? (?:have (?:my|our)|be texting|send (?:me|us|any|this|another))\b",)),
    (
        "texts messages msgs sms txts",
        (r" will (?:not )?be (?:tolerated|accepted|read|reported|ignored|answered|blocked)\b",),
    ),
    (
        "longer",
        (
            r" wants?(?: to (?:get|receive|have|see))?(?: any(?: of)?)? (?:these|this|them|it|those|texts|messages"
            r"|your)\b",
        ),
    ),
    ("never didnt not havent", (r"(?: \w+)? consent(?:ed|ing)?\b",)),
    (
        "pause suspend mute",
        (
            r"(?: (?:all|the|these|this|my|your|text))* (?:texts?|messages|msgs|sms|alerts|texting|notifications"
            rf"|reminders|subscription|it|them|this|these|me|all|us)(?:{END}| (?:please|pls|now|for|until)\b)",
        ),
    ),
    (
        "turn turning switch",
        (
            rf" (?:them|these|this|it|those|alerts?|notifications|messages) off(?: (?:please|pls|now))*{END}",
            rf" off(?: (?:the|all|these|your))* (?:alerts?|notifications|reminders)(?: (?:please|pls|now))*{END}",
        ),
    ),
    ("dnc", ("",)),
    ("wrong", (rf" person(?:{END}| (?:ok|okay|now|asap|i|and|lol)\b)",)),
    (
        "remove take drop delete strike",
        (
            r" (?!my\b|the\b|a\b|it\b|that\b|those\b|some\b)\w+(?: \w+){0,2}? (?:from|off|out)(?: of)?"
            r" (?:this|the|your|ur|all)(?: text| phone| contact)? lists?\b",
            r" \d{3} ?\d{3} ?\d{4}\b",
        ),
    ),
    ("removed opted unsubscribed blocked", (r" (?:from|of|out of|out from) (?:my|our)\b",)),
    (
        "remove",
        (
            r" (?!\w+day\b)\w+ from\b(?! (?:my|the (?:schedule|calendar|shift|hall|room|door|wall|table|truck"
            r"|fridge))\b)",
        ),
    ),
    ("take", (r" (?:my|his|her|our) \w+(?: \w+)? off (?:the|this|your)(?: \w+)? list\b", r" (?:me|us) off\b")),
    ("remove delete", (r" (?:me|us) (?:from|off)\b",)),
    (
        "report reporting reported",
        (
            r"(?: (?:this|it|you|u|as|for))* spam(?:ming)?\b",
            rf" (?:this|it|these|you|u|your|this text|this message|these texts|these messages)(?: now"
            rf"| today| too)*{END}",
            r" (?:this|your|ur) (?:phone )?number\b",
        ),
    ),
    (
        "i we ive weve",
        (
            r"(?: (?:have|just|recently|already|actually|since))* moved (?:away(?! the\b| from the\b)"
            r"|out of (?:state|town|the (?:state|area|country|city|county))|to (?:another"
            r"|a different) (?:state|city|town"
            r"|country)|across the country|overseas|abroad)\b(?![^|]* (?:but|still|can|will|ill|back)\b)",
        ),
    ),
    (
        "youre ur you u",
        (
            r"(?: (?:are|re|keep|kept|have been|been|just|guys|people))* (?:texting|texted"
            r"|messaging|messaged|contacting|spamming)"
            r" (?:(?:a|an|my|our|his|her) (?:\d+|\w{3,8}) ?(?:year|yr|yo)s?\b"
            r"|(?:a|my|our|his|her)(?: \w+)? (?:kid|child|minor|son|daughter|baby|grandson|granddaughter|grandchild"
            r"|teenager|toddler|mom|mother|wife|husband|father|dad)s?\b)",
            r"(?: (?:guys|people|all|folks|really|just))* (?:text|message|msg|spam)(?: (?:me|us|people))?"
            rf"(?: \w+)? (?:too|so) (?:much|many|often|damn much)(?: lol| please)?{END}",
            rf" send(?: me| us)? (?:(?:way|far) )?(?:too|so) (?:much|many|often)(?:{END}| (?:texts|messages|msgs))",
        ),
    ),
    (
        "is",
        (r" (?:a|my|his|her)(?: \w+)? (?:kid|child|minor|children|business|landline)s? (?:phone|number|line|cell)\b",),
    ),
    (
        "have need must gotta",
        (rf"(?: (?:i|we))?(?: to)? keep (?:getting|receiving|seeing){_THESE}",),
    ),
    ("i", (rf" keep (?:getting|receiving){_THESE}",)),
    ("stahp stopstop", ("",)),
    ("dont not cant cannot never", (rf"(?: want| wish| wanna)?(?: to)?(?: \w+){{1,4}}?{_ANY_MORE}\b",)),
    (
        "who where how",
        (
            rf" (?:gave|did (?:you|u)(?: guys)?(?: even)? (?:get|find|obtain)|got|do you (?:have"
            rf"|know))(?: \w+){{0,2}} (?:my|this) {_NUMBER}\b",
        ),
    ),
    (
        "why come",
        (
            r" (?:do|did|does|would)? ?(?:you|u|yall|they)(?: \w+)? (?:have|got) (?:my|this)"
            r" (?:number|phone|cell|info)\b",
        ),
    ),
    (
        "dont no not",
        (
            rf"(?: even)? (?:know|idea|clue|sure) who(?:m)? (?:this|you|u|that|these|ur|youre|it)(?: (?:is"
            rf"|are|r|people))*(?: from)?{END}",
            rf" know (?:you|u|yall)(?: (?:people|guys|all))?{END}",
        ),
    ),
    ("who", (r" (?:signed|subscribed|put|added|enrolled) (?:me|us)\b",)),
    (
        "why",
        (
            r" (?:do|are|am|did|would|have)(?: (?:i|you|u|we))?(?: (?:keep|still|even|you|been))* "
            r"(?:getting|get|texting|text|receiving|messaging|sending)\b",
        ),
    ),
    ("spam spamming spammer spammers scam scammer scammers harassment harassing harass unsolicited", ("",)),
    ("permission consent", (r" to (?:text|contact|message|call)\b",)),
    ("lawyer attorney fcc ftc tcpa", ("",)),
    ("sue", (r" (?:you|u|yall|the)\b",)),
    ("less fewer", (r" (?:texts|messages|msgs|spam|notifications)\b",)),
    ("text message", (r" (?:me|us) less\b",)),
    (
        "remove take unsubscribe",
        (r" (?:my|his|her) (?:wife|husband|mom|mother|dad|father|son|daughter|brother|sister|friend)\b",),
    ),
    ("never", (r" gave(?: (?:you|u|anyone|anybody|out))*(?: \w+)? (?:my|this) (?:number|info|phone)\b",)),
    ("get", (r" off of\b",)),
    ("without", (r" (?:my|our) (?:consent|permission)\b",)),
    (
        "too",
        (
            rf" (?:many|much) of (?:these|this|them|those){END}",
            r" (?:many|much) (?:texting|texts"
            r"|messages|msgs|notifications)\b",
        ),
    ),
    ("im i", (r"(?: am)? (?:not|no longer) (?:a |an )?(?:volunteer|member|supporter|customer|donor)\b",)),
    ("not", (r" a (?:volunteer|member|supporter|customer|donor)\b",)),
    ("blocking block", (r" (?:you|u|your number|this number)\b",)),
)

# What may be a whole message and mean: no more. Nothing but courtesies may stand beside it.
ENGLISH_HELD = (
    r"off (?:of )?(?:(?:the|this|your|ur|that)(?: \w+)? )?(?:list|thread|chat)|enough|thats enough"
    r"|im done with (?:this|you|it)|done with (?:this|you|it)|count me out|im out|i quit"
    r"|i give up|leave me out(?: of (?:it|this))?|f off|f you|fuck you|fuck u|(?:screw|eff|f|naff|jog"
    r"|sod) (?:you|u|off|this|yall)|knock it off|cut it out|back off|lay off|get (?:bent|stuffed)"
    r"|give it a rest|go fuck yourself|bite me|kiss my ass|scram|beat it|shut up|stfu|go to hell"
    r"|the end|get a life|nothing personal"
    r"|get out|when (?:does|will) (?:this|these texts|the texts) (?:end|stop)|when will you stop"
    r"|moved(?: away| out of (?:state|town))?|no no no|nooo+|not any ?more|unwanted|hell no"
    r"|please leave|(?:i )?(?:do not|dont) want(?: (?:this|it"
    r"|any))?|wrong"
)
