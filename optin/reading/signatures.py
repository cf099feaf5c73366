"""What phones and mail programs add below a text, which is not the person's own word. Pure.

Sources: the default signatures of iOS, Android, Outlook, Yahoo and carriers, in the languages in which they ship.
"""

import re

# Each begins a line, or follows the end of a sentence: "the list sent from my phone" is no signature.
_SENT_FROM = (
    r"sent (?:from|via|with|using|by|on) \w|get outlook for|yahoo mail:|sent securely from"
    r"|envoy[eé] (?:de(?:puis)?|à partir de|via|avec) |enviad[oa] (?:desde|de[l]?|do|da|a partir|con|via) "
    r"|enviat des de|von mein\w* \w+(?: \w+)? gesendet|gesendet (?:von|mit|über) |inviato (?:da|dal|con|tramite) "
    r"|verzonden (?:vanaf|met|via)|verstuurd vanaf|skickat från|sendt fra|wysłane z |отправлено (?:с|из) |надіслано з "
    r"|发自我的|從我的|从我的|發自我的|나의 \w+에서|iphoneから送信|أرسلت من|أُرسلت من|נשלח מה"
)
_SIGNATURE = re.compile(
    rf"(?:^|(?<=[.!?…。])|(?<=\n))[^\S\n]*(?:[-—_*]+[^\S\n]*)?(?:{_SENT_FROM})[^\n]{{0,100}}\s*$", re.I
)
# Joined by a gateway into one line: only the full form with a device's own name, as devices write it.
_IN_ONE_LINE = re.compile(r"\sSent (?:from|via) (?:my|Yahoo|Mail|Outlook|Gmail|AOL|AT&T|Proton)\b[^\n]{0,80}\s*$")
_DASHES = re.compile(r"\n[^\S\n]*(?:-{2,}|—+|_{2,}|={3,}|\*{3,})[^\S\n]*\n")
_NOTICE = re.compile(
    r"(?:^|(?<=[.!?\n]))[^.!?\n]{0,100}\b(?:if you(?: are|'re|’re)? not (?:the|an) intended recipient"
    r"|intended (?:only|solely) for|(?:received|receive) this (?:message|e-?mail|communication|text) in error)\b.*",
    re.I | re.S,
)
_ASKS = re.compile(r"\b(?:stop|unsub|remove|opt.?out|cancel|quit|arr[eê]t|baja|take me|take my|no more)", re.I)
_LONGEST = 200
_MARK = re.compile(
    "sent |sent securely|outlook|yahoo mail:|envo[yi]|envia|gesend|inviat|verzo|verst|skicka|sendt |wysł|отправ"
    "|надісл|发自"
    "|發自|從我的|从我的|에서|送信|رسلت|נשלח"
)


def signed_in_line(text: str) -> bool:
    """Tell whether a signature stands behind other words on one line: a gateway joined them, or somebody wrote it."""
    if not _MARK.search(text.lower(), max(0, len(text) - _LONGEST)):
        return False
    found = _SIGNATURE.search(text) or _IN_ONE_LINE.search(text)
    before = text[: found.start()] if found else ""
    return any(sign.isalnum() for sign in before.rpartition("\n")[2]) and not before.endswith("\n")


def without_signature(text: str) -> str:
    """Return a text as received without the signature and legal notice below it.

    What stands below a line of dashes is a signature only if it asks for nothing: "--" above a STOP hides no STOP.
    A text of nothing else is returned as it is.
    """
    small = text.lower()
    kept = text
    if "intended" in small or "in error" in small:
        kept = _NOTICE.sub("", kept)
    if _MARK.search(small, max(0, len(small) - _LONGEST)):
        kept = _IN_ONE_LINE.sub("", _SIGNATURE.sub("", kept))
    dashes = _DASHES.search(kept) if "\n" in kept else None
    if dashes and not _ASKS.search(kept, dashes.end()):
        kept = kept[: dashes.start()]
    return kept if kept.strip() else text
