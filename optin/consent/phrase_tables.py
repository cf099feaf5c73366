"""The sentences that ask, or may ask, to be left alone: data for phrases.py, English first, then Spanish. Pure.

Further languages stand in consent/languages, one file each, and are put together with these here.

A row is (first words, continuations): a sentence matches where one of the words is followed by one of the
continuations. Both are in the bare form (see normal_form): lower case, without accents or apostrophes ("dont"),
sentences joined by "|". A continuation is a regular expression; "" asks for nothing more.
"""

from optin.consent.languages import LANGUAGES


def _any_of(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


END = r"(?=\||$)"
_US = r"(?:me|us|my|this (?:number|phone)|here)"
_WHICH = r"(?: (?:all|any|the|these|those|this|your|ur|my|more|further|such|so many|of))*"
_TEXTS = (
    r" (?:(?:text messages?|text alerts|texts|texting|messages|messaging|msgs|sms|mms)\b"
    rf"|(?:text|message|spam|alerts|notifications|updates|subscriptions?){END})"
)
_TEXTING = r" (?:texting|txting|messaging|contacting|calling|bothering|harassing|spamming|bugging|emailing)"
_TO_TEXT = r"(?:message|msg|contact|sms|bother|harass|spam|email|write)"
_SOON = r"(?: (?:please|pls|now|it|this|thanks|thank you|thx|immediately|asap|already|gracias|ya))*"
_UNSUBSCRIBE = r"(?:unsu\w{2,7}be|unsub|opt ?out)"
_AGAIN = r"(?:again|any ?more|ever|please|pls)"
_REMOVED = r"(?:removed|taken off|unsubscribed|opted out|deleted|left alone)"
_LISTED = r"(?: of)?(?: (?:the|your|this|ur|all|any))*(?: \w+)? (?:lists?|database|contacts)\b"

_STOP_TEXTING = (
    rf"(?: all)?(?: the)?{_TEXTING}(?:(?: to)? {_US}\b| (?:{_AGAIN}|now|immediately)\b|{END})",
    rf" sending(?: (?:me|us)\b|{_WHICH}{_TEXTS}|(?: (?:this|these|those|it|stuff))?{END})",
    rf"(?: with)?{_WHICH}{_TEXTS}",
    rf" (?:please|pls|plz|por favor){_SOON}{END}",
    rf" (?:receiving|getting)(?: \w+){{0,3}}(?:{_TEXTS}| (?:them|these|this)\b)",
)
_FORBID_TEXTING = (
    r"(?: (?:ever|please|pls|you|u|dare|to|continue|keep))*(?: (?:text|txt)(?:ing)?\b(?! (?:and|n|while) driv)"
    rf"|(?: {_TO_TEXT}|{_TEXTING})(?: to)?(?: (?:{_US}|{_AGAIN}|list)\b|{END})"
    rf"|(?: send| sending)(?: me| us)?(?:{END}| (?:any|anything|more|these|those|this|texts?|messages?|sms|msgs?|your"
    rf"|ur|stuff|spam|{_AGAIN})\b))"
)
_NOT_WANTED = (
    rf" (?:want|wish|care|like|need)(?: to)?(?: (?:receive|get|getting|receiving))?{_WHICH}{_TEXTS}",
    r" (?:want|wish|care)(?: you)? to (?:receive (?:any|these|this|them|your)\b"
    rf"|be (?:contacted|texted|messaged|called|on (?:this|your|the|any))\b|hear from\b|(?:text|{_TO_TEXT}) {_US}\b)",
)
_NO_CONSENT = rf" consent(?: to (?:these|this|receiv\w+|texts|messages|being)\b|{END})"
_I_SAID_STOP = (
    r"(?: (?:have|already|just|keep|kept))* (?:texted|said|replied|sent|typed|saying|texting"
    rf"|(?:told|asked)(?: you)?(?: to)?) stop(?: (?:already|before|twice|many|multiple|several|and)\b|{END})"
)

# "do not text" also stands in statements ("I do not text"): these rows do not count after a subject.
FORBIDDING = (("dont dnt never", (_FORBID_TEXTING,)), ("do don", (rf" (?:not|n ?t|t){_FORBID_TEXTING}",)))

_ENGLISH = (
    ("stop quit cease", _STOP_TEXTING),
    ("please pls plz plse kindly", (rf"(?: just)? (?:stop|stooo*p+|stoppp+|unsubscribe|opt ?out){_SOON}{END}",)),
    ("can could would will", (rf" (?:you|u)(?: please| just| kindly)* (?:stop|unsubscribe|opt ?out){_SOON}{END}",)),
    ("i ive", (_I_SAID_STOP, rf"(?: (?:am|m|have|already))* (?:opt ?out|opting out|opted out){END}")),
    ("im", (r" opting out\b",)),
    ("remove delete erase unenroll deregister", (r" (?:me|us)\b",)),
    (
        "remove delete erase lose",
        (r" (?:my|this|our)(?: \w+)? (?:number|phone|cell|name|contact|info|information)\b", r" the number\b"),
    ),
    ("remove delete take", (rf" from{_LISTED}",)),
    ("take", (r" (?:me|us) off\b(?! guard)", r" (?:my|this|our)(?: \w+)? (?:number|phone|name) off\b")),
    (
        "get",
        (r" (?:me|us) off(?: of)? (?:this|the|your|ur|that)\b", r" (?:my|this)(?: \w+)? (?:number|phone|name) off\b"),
    ),
    ("off", (r"(?: of)? (?:your|ur)(?: \w+){0,2} lists?\b",)),
    ("want wish like need ask asked asking request please", (rf"(?: to)? (?:be|get) {_REMOVED}\b",)),
    ("want wish like need how", (rf" to {_UNSUBSCRIBE}\b", rf" (?:do|can) (?:i|we)(?: \w+)? {_UNSUBSCRIBE}\b")),
    ("unsubscribe unsuscribe unsubcribe unsub", (r" (?:me|us|my|this|from|please|pls|now|immediately|asap)\b",)),
    ("opt", (r" (?:me|us) out\b", rf" ?out(?: (?:please|pls|now|me)\b| of{_WHICH}(?:{_TEXTS}| lists?\b))")),
    ("no", (rf" (?:more|further){_WHICH}(?: \w+)?(?:{_TEXTS}| calls\b)", *(rf" longer{row}" for row in _NOT_WANTED))),
    ("not dont dnt never", _NOT_WANTED),
    ("do don", tuple(rf" (?:not|n ?t|t){row}" for row in (*_NOT_WANTED, _NO_CONSENT))),
    ("dont dnt", (_NO_CONSENT,)),
    ("cancel end terminate discontinue", (rf"{_WHICH}(?:{_TEXTS}| (?:\w+ )?subscriptions?\b)",)),
    ("revoke withdraw revoking withdrawing", (r"(?: my)? (?:consent|permission|opt ?in)\b",)),
    ("wrong", (r" (?:number|phone number|num|nbr)\b",)),
    ("have got texting texted reached messaging messaged", (r"(?: the)? wrong (?:person|guy|one|man|woman)\b",)),
    ("leave", (r" (?:me|us)(?: the \w+)? alone\b",)),
)

_MESSAGES = r" (?:mensajes|textos|sms|llamadas)\b"
_TO_ME = r" (?:me|nos)"
_WE_WANT = r"(?:quiero|deseo|queremos|deseamos)"
_REMOVERS = (
    "quite quiten quita elimine eliminen elimina borre borren borra saque saquen saca remueva remuevan retire retiren"
)
_LEAVERS = "desuscriba desuscriban desuscribe desuscribir desinscriba desinscriban desinscribir desapunte desapunten"

_SPANISH = (
    (
        "no",
        (
            rf"{_TO_ME}(?: (?:vuelva|vuelvan|vuelvas|siga|sigan|sigas))?(?: a)?"
            r" (?:(?:envi|mand|contact|llam|molest|texte?)(?:e|en|es|ar|arme|ando)"
            r"|escrib(?:a|an|as|ir|irme|iendo))\b",
            rf" (?:molestar|molesten?|molestes|escriban?|envien?|manden?|llamen?)(?: mas\b|{END})",
            rf" {_WE_WANT}(?: mas)? que{_TO_ME} (?:envi|mand|escrib|contact|llam|tex?t|molest)\w+",
            rf" {_WE_WANT}(?: (?:recibir|mas|sus|tus|estos|esos|los))*{_MESSAGES}",
            rf" {_WE_WANT} (?:recibir(?: nada| mas)?{END}|recibirl[oe]s\b)",
            rf" mas(?: \w+)?{_MESSAGES}",
            r" autorizo (?:estos|sus|los|que|mas|el envio)\b",
        ),
    ),
    (
        "deje dejen deja pare paren para",
        (r"(?: ya)? de (?:enviar|mandar|escribir|molestar|contactar|textear|llamar)\w*\b",),
    ),
    ("darme darnos darse dar dame deme denme denos doy", (r"(?: de)? baja\b",)),
    ("quiero solicito pido", (rf" (?:la|mi) baja\b| desu[bs]*cribir(?:me)?\b| cancelar{END}",)),
    (" ".join(f"{verb}{whom}" for verb in (*_REMOVERS.split(), *_LEAVERS.split()) for whom in ("me", "nos")), ("",)),
    (_REMOVERS, (r" de (?:la|su) lista\b", r" mi (?:numero|nombre|telefono|celular)\b")),
    (
        "cancelar cancele cancelen cancela cancelo anular anule anulen terminar",
        (r" (?:mi|la|esta) su[bs]*cripcion\b", rf" (?:los|sus|tus|estos|esos){_MESSAGES}"),
    ),
    ("parar pare paren detener detenga detengan", (rf"(?: con)? (?:los|sus|tus|estos|esos){_MESSAGES}",)),
    ("numero telefono persona contacto", (r" (?:equivocad|incorrect|errad|errone)[oa]\b",)),
    ("equivoco equivocaron equivocado equivocada equivocados", (r" de (?:numero|persona|telefono)\b",)),
    ("dejeme dejenme dejame dejenos dejennos", (r" (?:en paz|tranquil[oa]s?)\b",)),
    ("revoco retiro", (r" mi consentimiento\b",)),
)

REQUESTS = (*_ENGLISH, *_SPANISH, *(row for language in LANGUAGES for row in language.requests))

DOUBTS = (
    ("stop stopp stops stopall cancel end quit revoke optout", ("",)),
    ("unsubscribe unsubscribed unsubscribing unsub unsuscribe unsubcribe", ("",)),
    ("opt opted opting", (r"(?: me| us)? out\b",)),
    ("un", (r" ?subscribe\b",)),
    ("cancelar parar detener basta arret desuscribir", ("",)),
    ("de", (r" baja\b",)),
    (
        "not never",
        (r" interested\b", r" (?:the|his|her|their|my|\w+s)(?: (?:right|correct))? number\b", r" sign(?:ed)? up\b"),
    ),
    ("no", (r" longer interested\b", r" longer (?:has|have|uses|owns) this (?:number|phone)\b", r" me interesa\b")),
    ("isnt", (r" (?:the|his|her|their|my|\w+s)(?: (?:right|correct))? number\b",)),
    ("doesnt", (r" (?:have|own|use) this (?:number|phone)\b",)),
    ("want", (r" out\b",)),
    ("didnt", (r" sign up\b",)),
    ("dont never", (r" (?:send me|consent|call)\b",)),
    ("do", (r" not (?:send me|consent|call)\b",)),
    ("remove", (r" \w+ from\b",)),
    ("wrong", (r" person\b",)),
    ("cease", (r" and desist\b",)),
    ("report reporting reported", (r"(?: (?:this|it|you|u|as|for))* spam(?:ming)?\b",)),
    ("stahp stopstop", ("",)),
    *(row for language in LANGUAGES for row in language.doubts),
)

# A message of nothing but these and courtesies is a request. The vague ones also mean other things, so fewer words
# beside them are let pass: "ok cancel" may be about an appointment, and is only held.
CLEAR = _any_of(
    r"stop|stooo+p+|stoppp+|stopall|stop all|unsubscribe|unsub|optout|opt out|remove|arret|parar|paren?|detener"
    r"|detengan?|alto|basta|baja|salir|no mas|no more|ya no|desuscribir(?:me)?|no texts?|no messages|delete|go away"
    r"|fuck off|piss off|get lost",
    *(language.clear for language in LANGUAGES),
)
VAGUE = _any_of(
    r"end|quit|cancel|revoke|discontinue|cancelar|cancele|cancelen|eliminar|borrar|remover",
    *(language.vague for language in LANGUAGES),
)
POLITE = _any_of(
    r"please|pls|plz|plse|kindly|thanks|thank you|thank u|thx|thnx|tks|ty|now|right now|immediately|asap|hi|hello"
    r"|hey|hola|por favor|porfavor|porfa|gracias|ya|ahora|sir|maam",
    *(language.polite for language in LANGUAGES),
)
ALSO = _any_of(
    r"ok|okay|k|yes|no|yeah|it|this|that|already|just|enough|i said|you guys|can you|could you|would you|will you"
    r"|sorry|everything|all",
    *(language.also for language in LANGUAGES),
)

# A sentence of a message that takes back the keyword in another one: a person decides.
REFUSALS = _any_of(
    r"no|nope|nah|no thanks|no thank you|no thank u|no thx|no ty|never ?mind|nvm"
    r"|not (?:really|now|me|interested|any ?more)|(?:i )?changed my mind|(?:i )?do ?n ?t want (?:to|it|this)"
    r"|forget (?:it|that)|just kidding|jk"
    r"|no gracias|no quiero|no me interesa|ya no(?: quiero)?|mejor no|olvidalo",
    *(language.refusals for language in LANGUAGES),
)

# What comes right before a phrase that is not a request: "don't take me off", "you need not remove me", "we must stop
# texting and driving", "no quiero darme de baja".
DENIED = _any_of(
    r"\b(?:(?:do|did|does|wo|would|should) ?n ?t|(?:do|did|does|will|would|should) not|not|never|can ?t|cannot"
    r"|no need to)(?: (?:ever|please|just|want|wanna|need|ask|asked|asking|say|said|mean|meant|to|you|u|have|had|going"
    r"|trying|tell|told|i|a|the|me|take|get|be))* $"
    r"|\b(?:we|they|lets)(?: (?:all|have|need|got|to|must|should|gotta|can))+ $"
    r"|\bno (?:quiero|deseo|necesito|hay)(?: (?:que|me))* $",
    *(language.denied for language in LANGUAGES),
)
STATED = r"(?<!told )(?<!asked )(?<!beg )\b(?:i|we|they|you|u|he|she|people)(?: (?:all|just|really|usually|still))? $"
