"""What a text says about opting out without asking for it. Pure.

An instruction ("Reply STOP to end"), the note of a robot ("You have been unsubscribed") and a question about it ("If I
text STOP, will I ...?") are taken out of a bare form before it is read again; so are words for somebody else ("tell Bob
to stop texting me").
"""

import re
from re import Match

_WORD = (
    r"(?:stop(?:all| all)?|unsubscribe|unsub|end|quit|cancel|opt ?out|baja|alto|parar|salir|sair|cancelar|arret"
    r"|stopp|ende"
    r"|remove|no)"
)
_SAY = (
    r"(?:reply|replying|text|texting|txt|send|sending|type|respond|responding|answer|responda|responde|responder"
    r"|conteste|envia"
    r"|envie|enviar|manda|mande|texto|repondez|repondre|envoyez|envoyer|tapez|antworte|antworten|sende|senden"
    r"|schreibe|rispondi"
    r"|invia|scrivi|digite|antwoord|stuur|svar|odpowiedz)"
)
_WITH = r"(?: (?:with|back|back with|us|the word|a|con|com|mit|sie|word|by texting))*"
_FOLLOWS = (
    r"(?= (?:to|for|2|at any|any ?time|in order|if you|and (?:you|we)|or help|help|para|pra|pour|au|por|um|zum|per"
    r"|om|zu|e|wenn)\b"
    r"| \w+ (?:for|to)\b)"
)
# Up to the end of the sentence, or to where the person's own words begin.
# A person's own "stop", which ends the robot's words: "reply STOP to end so STOP", "thank you for texting, now stop".
_OWN_STOP = (
    r"(?: (?:now|so|just|ok|okay|then|but|and) (?:please )?(?:stop|unsubscribe|end|quit|cancel|remove)\b"
    r"(?! (?:to|2|for)\b)"
    r"|(?:(?<=your text)|(?<!reply)(?<!text)(?<!txt)(?<!send)(?<!type)(?<!to)(?<!2)(?<!with)"
    r"(?<!word)(?<!will)(?<!or)(?<!say)(?<!says)"
    r"(?<! a)(?<! i)(?<!we)(?<!you)(?<!it)(?<!they)(?<!that)(?<!this)(?<!the)(?<!con)(?<!text us)(?<!texts))"
    r"(?: stop(?! (?:to|2|for|or|at any|any ?time|if|and (?!i\b)|help|mean|do|work|getting|receiving)\b)\b"
    r"| (?:unsubscribe|end|quit|cancel)(?=\||$)))"
)
_OWN = (
    r"(?: (?:please|pls|dont|do not|remove (?:me|my)|take (?:me|my)|leave me|unsubscribe me|(?:stop|quit) (?:texting|it"
    rf"|this|sending|now|please))\b|{_OWN_STOP})"
)
_TO_END = rf"(?:[^| ]|(?!{_OWN}| (?:i|im|ive)\b) )*"
_REST = rf"(?:[^| ]|(?!{_OWN}) )*"
_ASKED = rf"(?:[^| ]|(?!{_OWN_STOP}) )*"
_INSTRUCTION = re.compile(rf"\b{_SAY}{_WITH} {_WORD}\b{_FOLLOWS}{_TO_END}|\bstop au \d+")
# Nobody writes so of themselves.
_FORMAL = re.compile(
    rf"\bto (?:unsubscribe|opt ?out|stop|cancel|end|quit|be removed|discontinue"
    rf"|no longer)(?: \w+){{0,7}}?[ |]+{_SAY}{_WITH} {_WORD}\b{_REST}"
    rf"|\bif you (?:no longer|dont|do not|would like|want|wish|prefer"
    rf"|d like)[^|]{{0,90}}? {_SAY}{_WITH} {_WORD}\b{_REST}"
    rf"|\b(?:help|info) (?:for|to get|4) (?:help|info|more)[ |]+{_WORD} (?:to|2) \w+"
)
_ENDS_WITH = re.compile(r"(?<=\|)(?:stop|end|quit)(?: ?(?:2|to) ?)(?:end|quit|cancel|stop|opt ?out|unsub\w*)$")
_TOLD = re.compile(
    rf"\byou(?:r (?:number|phone))?(?: (?:have|ve|are|re|has|is|were|will be|now|been|already|successfully|currently"
    r"|also))*"
    rf" (?:unsubscribed|opted out|removed from|replied with)\b(?! (?:(?:of|from|by) )?(?:my|me|our|us)\b){_REST}"
    rf"|\byoure(?: (?:now|already|successfully))* (?:unsubscribed|opted out)\b(?! (?:of|from|by) (?:my|me"
    rf"|our)\b){_REST}"
    r"|\b(?:you|and) will (?:no longer|not|receive no)(?: longer)? ?(?:receive|get|be sent)?"
    rf"(?: (?!send|text|bother)\w+){{0,3}}"
    rf" (?:messages|texts|alerts|sms|msgs)\b(?! from (?:me|us)\b){_REST}"
    r"|\bno (?:more|further) (?:\w+ )?(?:messages|texts|msgs|alerts) will be"
    rf" (?:sent|delivered|received|issued|forwarded|coming)\b{_REST}"
    rf"|\b(?:text|reply|send)(?: back)? (?:start|unstop|yes|help)\b{_REST}"
)
_WONDERING = re.compile(
    rf"\b(?<!times )(?!when i say\b)(?!(?:if|when) i (?:text|send|type) stop (?:remove|take me|will you"
    rf"|you stop)\b)(?:if|when|once|after|should|can|could|do|does|will|would|what happens if|what if)(?: (?:i|we"
    rf"|people|someone|you|it))?"
    rf"(?: (?:just|simply))* (?:{_SAY}|say|saying|hit|press){_WITH} {_WORD}\b{_ASKED}"
    rf"|\b(?:does|will|would|is|do)(?: (?:the|a|word|text|saying))* {_WORD} {_WORD}\b{_ASKED}"
    rf"|\bwhat (?:does|is|do)(?: \w+){{0,3}}? {_WORD}(?:[^|]*? mean| do)\b{_ASKED}"
)
_OTHERS = (
    r"(?!you\b|u\b|(?:your|ur) (?!brother|sister|mom|dad|friend|kid|son|daughter|wife|husband)|them\b|everyone\b"
    r"|everybody\b|whoever\b|yall\b|me\b|my (?:number|phone|name)\b)"
    r"(?:your (?:brother|sister|mom|dad|friend|kids?|son|daughter|wife|husband)|(?:my|our|the|his|her) \w+"
    r"|\w+)(?: \w+)?"
)
_FOR_OTHERS = re.compile(
    rf"\b(?:tell|ask|told|asked|telling|asking) {_OTHERS} (?:to|that|not to) (?:please )?$"
    rf"|\blet {_OTHERS} know (?:to|that (?:he|she|they) (?:should|must|need to|needs to)) $"
    r"|\b(?:my|his|her|our|their) \w+(?: \w+)? (?:wants?|would like|wanted|needs?|asked|wishes|is trying|d like)"
    r"(?: (?:you|me|us))?(?: to(?: be)?)?(?: get| get taken)? $"
    r"|\b(?:how|why) (?:do|does|did)(?: (?:other|some|most))? (?:people|others|they|folks) $"
)
_LAUGHS = re.compile(r"\b(?:lol|lmao|haha\w*|hehe|rofl|jk)\b")
_STAYS = re.compile(
    r"\b(?:keep (?:me|texting me|sending me)|i (?:want|would like|wish|d like|love|like)(?: to)? (?:stay|keep|remain"
    r"|them|getting|it))\b|\b(?:but|and) (?:i|we) (?:(?:do ?nt|do not|wont|will not)(?: want (?:to|that|it))?(?=\||$)"
    r"|(?:love|like|am staying|want to stay)\b)|\bnot me(?=\||$)"
)
_ROBOT = re.compile(
    r"\b(?:auto ?(?:matic|mated)? ?(?:reply|response|responder|message)|out of (?:the )?office|not monitored"
    r"|data rates|network msg"
    r"|free ?msg|message blocking|with focus turned on|do not disturb while driving|im driving"
    r"|(?:thanks|thank you) for (?:contacting|your (?:message|text|inquiry|interest)|texting|reaching|messaging"
    r"|calling)"
    r"|we (?:have )?received your|welcome to|we(?: are|re) closed|gracias por su|merci de votre|danke fur ihre)\b"
)
# "When I text STOP you keep sending": a complaint.
_INSISTS = re.compile(
    r"\bwhy (?:do|am|are) (?:i|we|you|they) (?:still|keep|even)\b"
    r"|(?<!will )(?<!do )(?<!would )(?<!can )(?<!could )(?<!should )(?<!did )\bi (?:still|keep)\b|\b(?:you"
    r"|they)(?: \w+)? (?:still|keep)\b|\b(?:doesnt|does not|didnt|isnt|not) work"
    r"|\bnothing happens\b|\b(?:over and over|ignored?|how many times)\b"
)
_OWN_WORD = re.compile(_OWN)  # looked for behind a space
_SOMETHING = 4  # words beside an instruction make it one that somebody else wrote into a text


def without_asides(form: str) -> str:
    """Return a bare form with every instruction, robot's note and question about opting out blotted out.

    Letters become "~", so that a place in the result is the same place in `form`.
    """
    for pattern in (_WONDERING, _TOLD, _FORMAL, _INSTRUCTION, _ENDS_WITH):
        form = pattern.sub(_blotted, form)
    return form


def asks_nothing(form: str, masked: str) -> bool:
    """Tell whether a bare form whose asides are blotted out in `masked` is surely no wish of the person's own.

    So is a question, the text of a robot, and a text with words enough beside the instruction. A lone "reply STOP to
    end" may be somebody's way to ask.
    """
    if _INSISTS.search(form):
        return False
    beside = sum("~" not in word for word in masked.replace("|", " ").split(" "))
    surely = any(pattern.search(form) for pattern in (_WONDERING, _TOLD, _FORMAL))
    return surely or beside >= _SOMETHING or is_robot(form)


def is_robot(form: str) -> bool:
    """Tell whether a bare form reads like the answer of an automaton."""
    return _ROBOT.search(form) is not None


def says_own_word(form: str) -> bool:
    """Tell whether a bare form, asides blotted out, has an opt-out word that no automaton would put there."""
    return _OWN_WORD.search(f"|{form}".replace("|", "| ")) is not None


def is_for_others(form: str, start: int) -> bool:
    """Tell whether what begins at `start` of a bare form is said for or about somebody else."""
    return _FOR_OTHERS.search(form[max(0, start - 80) : start].rpartition("|")[2]) is not None


def is_only_talk(form: str) -> bool:
    """Tell whether a bare form that speaks of somebody else is a joke, or says that the person stays."""
    return _LAUGHS.search(form) is not None or _STAYS.search(form) is not None


def _blotted(found: Match[str]) -> str:
    return re.sub(r"[^ |]", "~", found.group())
