"""What a text quotes: lines of a reply, a forwarded message, the text that a tap on it repeats. Pure.

A quotation of "Reply STOP to end" is not the person's own word; what stands before or after it is.
"""

import re

from optin.reading.signatures import without_signature

_OPENING, _CLOSING = '“"«„‘「『', '”"»“’」』'
_QUOTED_LINE = re.compile(r"^[^\S\n]*(?:>+[^\n]*|\|>[^\n]*)(?:\n|$)", re.M)
_WROTE = re.compile(
    r"^[^\S\n]*(?:On|Le|El|Am|Em|Il(?: giorno)?|Op|Den)\b[^\n]{4,160}?\b"
    r"(?:wrote|a écrit|escribió|schrieb(?: \S+){0,3}|escreveu|ha scritto|schreef|skrev)\s*:",
    re.M | re.I,
)
_WROTE_IN_LINE = re.compile(r"\bOn \S[^\n]{3,100}?\bwrote\s*:")
_FORWARD = re.compile(
    r"^[^\S\n]*(?:-{3,} ?(?:original|forwarded) message.*|begin forwarded message:.*"
    r"|(?:fwd?|tr|wg|rv|enc) ?: ?(?=\W?\w+\W+\w+\W+\w+\W+\w).*|-{5,} .{3,30} -{5,}.*"
    r"|from: [^\n]+\n(?:[^\n]*\n)?(?:sent|date|to|subject): .*)",
    re.M | re.I | re.S,
)
# A tap in the words of iOS and Android in the languages in which they ship; the first letters of the verb suffice.
_TAP = re.compile(
    r"(?:(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|likes|loves|dislikes|laughs at|questions"
    r"|removed .{1,30} from|re(?:acted|plied) .{1,30} to|reacted to|added .{1,30} to"
    r"|(?:no )?(?:me|le|les|nos|te) (?:gust|encant|divirt|dio risa|hizo)\w*|se ri[oó] de|reaccion\w+ .{1,30} a"
    r"|(?:enfatiz|destac|dud|exclam|pregunt)\w+|(?:quit|elimin)[oó] .{1,30} de"
    r"|(?:a|n.a pas) (?:aimé|adoré|ri de|souligné|interrogé|commenté|réagi .{1,30} à|(?:supprimé|retiré) .{1,30} de)"
    r"|a (?:trouvé|mis) .{1,30}|a insisté sur|aime|adore"
    r"|(?:n[aã]o )?(?:gostou|amou|curtiu|adorou|riu|enfatizou|destacou|questionou)(?: de| d[ao]| com)?"
    r"|reagiu .{1,30} a|(?:removeu|retirou) .{1,30} d[eao]"
    r"|hat|hat (?:mit )?.{1,12} auf|gefällt(?: mir)?(?: nicht)?|liebt|lacht über|hat über|betont|hebt|mag|mochte"
    r"|reagierte .{1,30} auf|(?:non )?(?:mi |gli |le )?piace\w*"
    r"|ha (?:adorato|enfatizzato|riso .{0,12}|reagito .{1,30} a|messo .{1,30} a|rimosso .{1,30} da)"
    r"|vond|heeft|(?:не )?понравилось|喜欢|讚|赞|不喜欢)\W{0,4}|\W{1,12}(?:to|a|à|auf|для)\W{1,4})",
    re.I,
)
_TAKEN_BACK = re.compile(r"\b(?:remov|rimoss|quit[oó]|elimin|retir|supprim|entfernt|borr[oó])", re.I)
_NO_TAP = re.compile(r"\b(?:stop|unsub\w*|opt.?out|cancel|quit|arr[eê]t|baja|take me|no more|texts?|texting)\b", re.I)
# Not every language is known: a few words around a long quotation, none of which says, asks or means to write.
_FEW_WORDS = re.compile(r"[^\n]{0,45}")
_SAYING = re.compile(
    r"\b(?:i|i.ve|i.m|my|we|me|you|u|ur|your|said|say|told|tell|text\w*|txt|repl\w+|typed?|sen[td]|sending|wrote"
    r"|write|words?"
    r"|stop\w*|unsub\w*|remove|cancel|quit|end|no|not|dont|don.t|do|never|please|pls|yo|dije|digo|escrib\w+|je"
    r"|j.ai|ich|io"
    r"|eu|baja|arr[eê]t|parar|alto|basta|off|out|leave)\b",
    re.I,
)
_AND_MORE = re.compile(
    r"\s*(?:& \d+ more|and \d+ (?:more|others?)|y \d+ más|et \d+ autres?|und \d+ weitere\w*|e (?:mais|altri) \d+|leuk"
    r"|mit „[^“”]{1,30}“ (?:markiert|gekennzeichnet)|.{0,14}(?:markiert|reagiert|gekennzeichnet|polubiono|lubię to"
    r"|좋아\w*|반응\w*|いいね\W*しました|(?:觉得)?很?赞|表示.{1,6}))?\W*",
    re.I,
)
_INSTRUCTION = re.compile(
    r"(?:reply|text|txt|send|respond|answer|type|responda?|env[ií][ae]\w*|répondez|envoyez|antworte\w*|sende\w*"
    r"|rispondi"
    r"|antwoord|stuur|svar|odpowiedz|ответьте|отправьте)\W+(?:\w+\W+)?(?:with |back |con |mit )?"
    r"(?:stop\w*|unsub\w*|end|quit|cancel\w*|optout|baja|alto|parar|salir|sair|arr[eê]t|ende|стоп|td?)\b"
    r"|(?:回复|回覆)\W*(?:td?\b|退订|退訂|stop)",
    re.I,
)
_NAMED_TAP = re.compile(
    r"(?:hat(?: eine?n?| mit)?|ha (?:messo|aggiunto)|a (?:mis|indiqué|ajouté|laissé)|puso(?: un)?|marc[oó]|dio|deu"
    r"|colocou|adicionou|heeft|har|поставила?)\s*[„“«\"]\s*\w([^“”«»\"\n]{1,25})[“”»\"]([^\n“”„«»\"]{1,30})"
    r"[„“«\"].{4,}[“”»\"]\W*",
    re.S | re.I,
)
_CUT = re.compile(r"(?:…|\.{3})\W*$")
_IN_QUOTES = re.compile(r"“[^”]{8,}(?:”|$)|«[^»]{8,}(?:»|$)|„[^“”]{8,}(?:[“”]|$)|\"[^\"]{8,}(?:\"|$)", re.S)


def own_words(text: str) -> str:
    """Return what a text, as received, says itself: without signature, quoted lines, forwards and quotations of a tap.

    "" for a tap and a forward with no word of the person's own.
    """
    said = without_signature(text)
    if not text.isascii() or '"' in said:
        if (after := _after_tap(said)) is not None:
            return after
        if _INSTRUCTION.search(said):
            said = _without_quoted_instruction(said)
    if ":" in said:
        said = _without_history(said)
    elif ">" in said:
        said = _without_quoted_lines(said)
    return said


def reaction(text: str) -> str:
    """Return what stands around the quotation of a tap, as received; "" where the tap takes a reaction back."""
    opened = min((at for at in map(text.find, _OPENING) if at >= 0), default=len(text))
    closed = max(map(text.rfind, _CLOSING))
    around = f"{text[:opened]} {text[max(opened, closed) :]}"
    return "" if _TAKEN_BACK.search(around) else around


def _after_tap(said: str) -> str | None:
    """Return what stands after the quotation of a tap, None for a text that is no tap."""
    opened = next((index for index, sign in enumerate(said[:80]) if sign in _OPENING), -1)
    if opened < 0:
        return None
    before, rest = said[:opened], said[opened + 1 :]
    tap = _TAP.fullmatch(before) is not None and not _NO_TAP.search(before)
    closed = max(rest.rfind(sign) for sign in _CLOSING)
    quoted, after = (rest[:closed], rest[closed + 1 :]) if closed >= 0 else (rest, "")
    over = _AND_MORE.fullmatch(after) is not None
    if _is_named_tap(said):
        return ""
    if tap:
        line = after.partition("\n")[2].strip() if "\n" in after else after.strip()
        return "" if over or _CUT.search(said) else line
    if not any(sign.isalnum() for sign in before) and over and any(sign.isalnum() for sign in after):
        return ""  # the verb stands behind
    return "" if over and _is_foreign_tap(before, quoted, after) else None


def _is_named_tap(said: str) -> bool:
    """Tell whether a text gives the reaction in quotes too: "Hat ein „Gefällt mir“ hinterlassen für „…“"."""
    found = _NAMED_TAP.fullmatch(said)
    return found is not None and not any(_SAYING.search(part) or _NO_TAP.search(part) for part in found.groups())


def _is_foreign_tap(before: str, quoted: str, after: str) -> bool:
    """Tell whether a few words and an instruction of ours in quotes are a tap in a language that is not known."""
    around = f"{before} {after}"
    if "\n" in around or not any(sign.isalnum() for sign in around) or _SAYING.search(around):
        return False
    return _FEW_WORDS.fullmatch(before) is not None and _INSTRUCTION.search(quoted) is not None


def _without_quoted_instruction(said: str) -> str:
    return _IN_QUOTES.sub(lambda found: "\n" if _INSTRUCTION.search(found.group()) else found.group(), said)


def _without_history(said: str) -> str:
    wrote = _WROTE.search(said) or _WROTE_IN_LINE.search(said)
    if wrote:
        below = said[wrote.end() :]
        own_below = _QUOTED_LINE.sub("", below) if _QUOTED_LINE.search(below) else ""
        said = f"{said[: wrote.start()]}\n{own_below}"
    elif forward := _FORWARD.search(said):
        said = said[: forward.start()]
    return _without_quoted_lines(said)


def _without_quoted_lines(said: str) -> str:
    kept = _QUOTED_LINE.sub("", said) if ">" in said else said
    return kept if any(sign.isalnum() for sign in kept) else said
