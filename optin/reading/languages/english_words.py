"""Pieces of English that several tables of sentences are made of (see language.py). Pure."""

from optin.reading.languages.language import END

US = r"(?:me|us|my|this (?:number|phone)|here)"
WHICH = (
    r"(?: (?:all|any|the|these|those|this|your|ur|my|more|further|such|so many|of|calls (?:or|and"
    r"|nor)|damn|stupid|fucking|f ing|annoying))*"
)
NOUN = (
    r"(?:text messages?|text alerts|texts|txts|texting|messages|messaging|mess?a?ges|mssgs|msgs|sms|mms|notifications"
    r"|reminders)"
)
TEXTS = rf" (?:{NOUN}\b|(?:text|txt|msg|message|spam|alerts|updates|promotions|promos|subscriptions?){END})"
SOON = r"(?: (?:please|pls|now|it|this|thanks|thank you|thx|immediately|asap|already|gracias|ya))*"
AGAIN = r"(?:again|no more|any ?more|any longer|ever|please|pls)"
LISTED = r"(?: of)?(?: (?:the|your|this|ur|all|any))*(?: \w+){0,2} (?:lists?|database|contacts|records|system)\b"
LEAVE_FROM = r"(?:this|the|your|ur|that|these|those|here|any|all|whatever)\b"
UNSUBSCRIBE = r"(?:unsu\w{2,7}be|unsub|opt ?out)"
