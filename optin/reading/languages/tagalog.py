"""Tagalog: "itigil na po", "huwag na kayong mag-text", "alisin nyo ako sa listahan". Pure."""

from optin.reading.languages.language import Language

_YOU = r"(?: (?:na|po|nyo|niyo|ninyo|mo|kayong|kayo|ka|kang|ako|akong|nang|ng|naman))*"

TAGALOG = Language(
    requests=(
        (
            "huwag wag",
            (
                rf"{_YOU} (?:mag ?te?xt|i ?text|itext|textan|tawagan|magpadala|padalhan|mag ?send|mag ?message"
                rf"|guluhin|istorbohin)\w*",
            ),
        ),
        (
            "tanggalin alisin burahin pakitanggal pakialis",
            (rf"{_YOU}(?: ang)? (?:ako|(?:number|numero|pangalan)(?: ko)?)\b", rf"{_YOU} ako\b"),
        ),
        ("alisin tanggalin", (r"(?: (?:nyo|mo|po|na))* ako\b",)),
        ("itigil tigilan ihinto", (rf"{_YOU}(?: ang)?(?: mga)? (?:text|message|mensahe|pagte?text|pag ?text)\w*",)),
        ("ayaw ayoko", (rf"{_YOU}(?: (?:ko|kong|nang|ng))* (?:makatanggap|tumanggap|mga text|text)\b",)),
        ("maling", (r" (?:numero|number|tao)\b",)),
    ),
    doubts=(("itigil tigilan ihinto", ("",)),),
    clear=r"itigil|tigil|tigilan|ihinto|hinto|tama na|ayoko na|ayaw ko na|wag na",
    polite=r"po|opo|na|salamat|pakiusap|naman|nyo|niyo|ninyo|mo",
    held=r"hindi interesado|di interesado|hindi ako interesado|ayoko|ayaw ko",
)
