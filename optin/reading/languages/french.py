"""French, as written in France and in Canada: "ARRET", "désabonnez-moi", "ne m'envoyez plus de textos". Pure."""

from optin.reading.languages.language import Language

_MESSAGES = r" (?:messages?|sms|mms|textos?|textes?|notifications?|alertes?|appels?|pubs?|publicites?)\b"
_THESE = r"(?: (?:de|des|du|vos|tes|les|ces|le|ce|aucune?|tous|toutes|autres))*"
_ME = r"(?: (?:me|nous)| (?=m))?"
_SEND = r" m?(?:envo[iy]e|contact|ecri|text|derang|appel|harcel|relanc)\w*"
_REMOVERS = "retirez retire retirer enlevez enleve enlever supprimez supprime supprimer effacez efface effacer radiez"
_LEAVERS = "desabonnez desabonne desinscrivez desinscris desinscrit"

FRENCH = Language(
    requests=(
        (
            "ne",
            (
                rf"{_ME}{_SEND} (?:plus|pas)\b",
                rf" (?:plus|pas){_ME}{_SEND}\b",
                rf" (?:veux|voulons|souhaite|souhaitons|desire|desirons) (?:plus|pas)(?: recevoir)?{_THESE}{_MESSAGES}",
                r" (?:veux|souhaite|desire) (?:plus|pas) (?:recevoir|etre (?:contacte|derange|appele|inscrit)e?)\b",
            ),
        ),
        ("veux souhaite", (rf" plus (?:recevoir|etre contactee?)\b(?:{_THESE}{_MESSAGES})?",)),
        (
            "arretez arrete arreter cessez cesse cesser stoppez",
            (rf" (?:de{_ME}{_SEND}|denvoyer)\b", rf"{_THESE}(?: envois| envoi){_THESE}", rf"{_THESE}{_MESSAGES}"),
        ),
        ("stop", (rf"(?: (?:aux|les|vos|ces|tous))+{_MESSAGES}",)),
        (f"{_LEAVERS} {_REMOVERS}", (r" (?:moi|nous)\b",)),
        ("me nous", (r" (?:desabonner|desinscrire|retirer|enlever|supprimer|radier)\b",)),
        (
            _REMOVERS,
            (r" (?:mon|ce|notre) (?:numero|nom|telephone|portable)\b", r"(?: \w+){0,2} de (?:la|votre|vos) listes?\b"),
        ),
        ("mauvais faux", (r" numero\b",)),
        ("trompez trompe trompes erreur", (r" de (?:numero|personne|destinataire)\b",)),
        ("laissez laisse fichez foutez", (r" (?:moi|nous)(?: \w+)? (?:tranquilles?|en paix|la paix)\b",)),
        (
            "retire revoque annule annuler annulez resilie resilier resiliez",
            (r" (?:mon|notre|cet) (?:consentement|accord|abonnement|inscription)\b",),
        ),
    ),
    doubts=(
        ("arret larret", (r"(?! (?:de|du) (?:bus|tram|metro|train|car)\b)",)),
        ("arreter arretez arrete stoppez desabonner desabonnement desinscrire desinscription", ("",)),
        (f"{_LEAVERS} resilier resiliation annuler", ("",)),
        ("plus", (rf" (?:de|aucun){_MESSAGES}",)),  # "no more messages", and "more messages"
        ("pas", (r" interessee?s?\b",)),
    ),
    clear=(
        r"arret|arrete[rz]?|stoppe[rz]?|desabonne(?:r|z|ment)?(?: moi| nous)?"
        r"|desinscri(?:re|ption|vez|s)(?: moi| nous)?|retire[rz] moi"
        r"|plus de messages|plus de sms|plus de textos|foutez le camp|degage[rz]?"
    ),
    vague=r"annule[rz]?|fin|terminer|quitter|resilier|resiliation",
    polite=(
        r"merci|merci bien|merci beaucoup|svp|stp|s il vous plait|sil vous plait|s il te plait|sil te plait|bonjour"
        r"|bonsoir|salut|maintenant|immediatement|tout de suite|madame|monsieur"
    ),
    also=r"oui|non|ca|cela|tout|tous|deja|desolee?|pardon|de suite|enfin",
    denied=r"\b(?:ne|n)(?: \w+)? (?:pas|jamais)(?: (?:que|de|besoin|vous|je))* $",
    refusals=r"non(?: merci)?|pas interessee?|ca ne minteresse pas|je ne veux pas|laissez tomber|laisse tomber",
)
