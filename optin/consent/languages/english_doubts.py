"""English sentences that may ask to be left alone: a person decides, unless the use is plain (plain_use.py). Pure."""

from optin.consent.languages.language import END

_NUMBER = r"(?:number|info|information|contact|phone|cell|name)"
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
    (
        "remove",
        (
            r" (?!\w+day\b)\w+ from\b(?! (?:my|the (?:schedule|calendar|shift|hall|room|door|wall|table|truck"
            r"|fridge))\b)",
        ),
    ),
    ("take", (r" (?:my|his|her|our) \w+(?: \w+)? off (?:the|this|your)(?: \w+)? list\b",)),
    ("report reporting reported", (r"(?: (?:this|it|you|u|as|for))* spam(?:ming)?\b",)),
    ("stahp stopstop", ("",)),
    ("dont not cant cannot never", (rf"(?: want| wish| wanna)?(?: to)?(?: \w+){{1,4}}?{_ANY_MORE}\b",)),
    (
        "who where how",
        (
            rf" (?:gave|did (?:you|u)(?: guys)?(?: even)? (?:get|find|obtain)|got|do you (?:have"
            rf"|know))(?: \w+){{0,2}} (?:my|this) {_NUMBER}\b",
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
    ("never", (r" gave (?:you|u|anyone|anybody)(?: \w+)? (?:my|this) (?:number|info|phone)\b",)),
    ("get", (r" off of\b",)),
    ("without", (r" (?:my|our) (?:consent|permission)\b",)),
    ("too", (r" (?:many|much) (?:texting|texts|messages|msgs|notifications)\b",)),
    ("im i", (r"(?: am)? (?:not|no longer) (?:a |an )?(?:volunteer|member|supporter|customer|donor)\b",)),
    ("not", (r" a (?:volunteer|member|supporter|customer|donor)\b",)),
    ("blocking block", (r" (?:you|u|your number|this number)\b",)),
)

# What may be a whole message and mean: no more. Nothing but courtesies may stand beside it.
ENGLISH_HELD = (
    r"enough|thats enough|im done with (?:this|you|it)|done with (?:this|you|it)|count me out|im out|i quit"
    r"|i give up|leave me out(?: of (?:it|this))?|f off|f you|fuck you|fuck u|screw you|shut up|stfu|go to hell"
    r"|the end|get a life|nothing personal"
    r"|get out|make it stop|when (?:does|will) (?:this|it) end|when will you stop"
    r"|no no no|nooo+|not any ?more|unwanted|hell no|please leave|(?:i )?(?:do not|dont) want(?: (?:this|it"
    r"|any))?|wrong"
)
