"""English sentences that threaten or say that the number is wrong, as rows (see language.py): they opt out. Pure.

A threat counts in a question too: "do I have to sue you?".
"""

from optin.reading.languages.language import END

_COURT = r"(?:sue|suing|(?:my|our|a|an|the) (?:lawyer|attorney)|legal action|small claims|court|the police|the cops)"
_AUTHORITY = r"(?:fcc|ftc|attorney general|better business bureau|bbb|authorities|state ag|do not call registry)"
THREATS = (
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
WRONG_NUMBER = (
    ("wrong", (r" (?:number|phone number|num|nbr)\b", rf" no{END}")),
    (
        "have got texting texted reached messaging messaged",
        (r"(?: the)? wrong (?:person|guy|one|man|woman|girl|lady)\b",),
    ),
)
