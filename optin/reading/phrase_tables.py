"""The sentences that ask, or may ask, to be left alone, put together from all languages: data for phrases.py. Pure.

Each language stands in a file of its own in consent/languages; here are the words that may be a whole message.
"""

from optin.reading.languages import LANGUAGES
from optin.reading.languages.english import ENGLISH
from optin.reading.languages.english_doubts import ENGLISH_DOUBTS, ENGLISH_HELD
from optin.reading.languages.english_threats import WRONG_NUMBER


def _any_of(*alternatives: str) -> str:
    return f"(?:{'|'.join(filter(None, alternatives))})"


REQUESTS = (*ENGLISH, *WRONG_NUMBER, *(row for language in LANGUAGES for row in language.requests))
DOUBTS = (*ENGLISH_DOUBTS, *(row for language in LANGUAGES for row in language.doubts))
# Languages that write without spaces, or bend their words too much for rows.
ANYWHERE = "|".join(filter(None, (language.anywhere for language in LANGUAGES)))
ANYWHERE_DOUBTS = "|".join(filter(None, (language.anywhere_doubts for language in LANGUAGES)))

# A message of nothing but these and courtesies is a request. The vague ones also mean other things, so fewer words
# beside them are let pass: "ok cancel" may be about an appointment, and is only held. HELD is a whole message that
# a person decides.
CLEAR = _any_of(
    r"(?:stop){2,}|stop ?(?:2|to|two) ?(?:end|quit|cancel|stop|unsub\w*|opt ?out)"
    r"|stop(?:texting|messaging|sending|texts|sms|messages|it|now|please|pls|this|me)+|stopall|stop all|stooo+p+"
    r"|stoppp+|stop"
    r"|unsubscribed?|un subscribe|unsub|unscribe|opt(?:ing|ed)? out|optout|i choose to opt out|removed?|blocked"
    r"|no more|no texts?|no messages"
    r"|delete|cease and desist|cease|go away|buzz off|bug off|bugger off|fuck off|piss off|get lost|arret",
    *(language.clear for language in LANGUAGES),
)
VAGUE = _any_of(
    r"end (?:it|this|these|them)|quit it|end|quit|cancel|revoked?|discontinue|exit|leave|make (?:it"
    r"|this|that|these|them) (?:stop|end)|unfollow|spam|unlist|delist"
    r"|take me off",
    *(language.vague for language in LANGUAGES),
)
POLITE = _any_of(
    r"please|pls|plz|plse|kindly|thanks|thank you|thank u|thx|thnx|tks|ty|right now|now|immediately|asap|hi|hello"
    r"|hey|sir|maam|good (?:morning|afternoon|evening)|again",
    *(language.polite for language in LANGUAGES),
)
ALSO = _any_of(
    r"okay|ok|k|yes|no|yeah|it|this|that|these|those|them|em|already|just|enough|i said|i told you to|ive asked you to"
    r"|i asked you to|i texted|i keep saying|i said to|i say|for the last time|seriously|ugh|wtf|ffs|you guys"
    r"|can you|could you"
    r"|would you|will you|will you please|sorry|everything|all of|of|all|the|any|my|your|more|further|but|and|bye"
    r"|period|full|reply"
    r"|reply with|text|answer|send|msg|with|texts|text messages|text|txts?|messages?|msgs?|mssgs?|sms|mms"
    r"|notifications?|alerts?"
    r"|service|subscription|stuff|sending|x \d+|x\d+|\d+x|\d+ times|times|twice|n|u|deleted|forever|permanently|1"
    r"|(?:im |i am )?(?:begging|beg)(?: of)?(?: you| u)?|i beg (?:of )?(?:you|u)|im asking you|for"
    r" (?:the love of god|gods? sakes?)"
    r"|omg|(?:may )?god bless(?: (?:you|u|yall|you all))?|bless (?:you|u)|have a (?:good|great|nice"
    r"|blessed|lovely|wonderful)"
    r" (?:day|one|night|evening|weekend|week|life)|take care|best(?: wishes| regards)?|regards|i appreciate it"
    r"|much appreciated|goodbye|good bye|cheers"
    r"|(?:(?:im|i am|we are|were) )?(?:not|no longer) interested(?: in (?:this|these|it))?"
    r"|today|at once|thank",
    *(language.also for language in LANGUAGES),
)
VAGUE_ALSO = "all of it|all|everything"
HELD = _any_of(ENGLISH_HELD, *(language.held for language in LANGUAGES))

# A sentence of a message that takes back the keyword in another one: a person decides.
REFUSALS = _any_of(
    r"no|nope|nah|no thanks|no thank you|no thank u|no thx|no ty|never ?mind|nvm"
    r"|not (?:really|now|me|interested|any ?more)|(?:i )?changed my mind|(?:i )?do ?n ?t want (?:to|it|this)"
    r"|forget (?:it|that)|just kidding|jk",
    *(language.refusals for language in LANGUAGES),
)

# What comes right before a phrase that is not a request: "don't take me off", "you need not remove me", "we must stop
# texting and driving", "no quiero darme de baja".
DENIED = _any_of(
    r"\b(?<!why )(?<!or )(?:(?:do|did|does|should) ?n ?t|(?:wo|would) ?n ?t(?! (?:you|u)\b)|(?:do|did"
    r"|does|will|would|should) not|not|never"
    r"|can ?t(?! (?:you|u)\b)|cannot"
    r"|no need to)(?: (?:ever|please|just|want|wanna|need|ask|asked|asking|say|said|mean|meant|to|you|u|have|had|going"
    r"|trying|tell|told|i|a|the|me|take|get|be))* $"
    r"|\b(?:we|they|lets)(?: (?:all|have|need|got|to|must|should|gotta|can))+ $",
    *(language.denied for language in LANGUAGES),
)
STATED = (
    r"(?<!told )(?<!asked )(?<!beg )\b(?:i|we|they|you|u|he|she|people|who)"
    r"(?: (?:all|just|really|usually|still))? $"
)
