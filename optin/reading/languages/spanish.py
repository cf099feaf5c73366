"""Spanish, of the Americas and of Spain: "BAJA", "quítenme de la lista", "no me manden más mensajes". Pure."""

from optin.reading.languages.language import END, Language

_MESSAGES = r" (?:mensajes|textos|sms|llamadas)\b"
_TO_ME = r" (?:me|nos)"
_WE_WANT = r"(?:quiero|deseo|queremos|deseamos)"
_REMOVERS = (
    "quite quiten quita elimine eliminen elimina borre borren borra saque saquen saca remueva remuevan retire retiren"
    " eliminar borrar quitar sacar retirar"
)
_LEAVERS = "desuscriba desuscriban desuscribe desuscribir desinscriba desinscriban desinscribir desapunte desapunten"

SPANISH = Language(
    requests=(
        (
            "no",
            (
                rf"{_TO_ME}(?: (?:vuelva|vuelvan|vuelvas|siga|sigan|sigas))?(?: a)?"
                r" (?:(?:envi|mand|contact|llam|molest|texte?)(?:e|en|es|ar|arme|ando)(?! a (?:la|el|mi|una?|otra?)\b)"
                r"|escrib(?:a|an|as|ir|irme|iendo))\b",
                rf" (?:molestar|molesten?|molestes|escriban?|envien?|manden?|llamen?)(?: mas\b|{END})",
                rf" {_WE_WANT}(?: mas)? que{_TO_ME} (?:envi|mand|escrib|contact|llam|tex?t|molest)\w+",
                rf" {_WE_WANT}(?: (?:recibir|mas|sus|tus|estos|esos|los))*{_MESSAGES}",
                rf" {_WE_WANT} (?:recibir(?: nada| mas)?{END}|recibirl[oe]s\b)",
                rf" mas(?: \w+)?{_MESSAGES}",
                r" autorizo (?:mensajes|textos|estos|sus|los|que|mas|el envio)\b",
            ),
        ),
        (
            "deje dejen deja dejense dejese dejate pare paren para",
            (r"(?: ya)? de (?:(?:enviar|mandar|escribir|molestar|contactar|textear|llamar)\w*|mensajes|sms)\b",),
        ),
        ("darme darnos darse dar dame deme denme denos doy", (r"(?: de)? baja\b",)),
        ("quiero solicito pido", (rf" (?:la|mi) baja\b| desu[bs]*cribir(?:me)?\b| cancelar{END}",)),
        (
            " ".join(f"{verb}{whom}" for verb in (*_REMOVERS.split(), *_LEAVERS.split()) for whom in ("me", "nos")),
            ("",),
        ),
        (_REMOVERS, (r" de (?:la|su) lista\b", r" mi (?:numero|nombre|telefono|celular)\b")),
        (
            "cancelar cancele cancelen cancela cancelo anular anule anulen terminar",
            (r" (?:mi|la|esta) su[bs]*cripcion\b", rf"(?: (?:los|sus|tus|estos|esos))?{_MESSAGES}"),
        ),
        ("parar pare paren detener detenga detengan", (rf"(?: con)? (?:los|sus|tus|estos|esos){_MESSAGES}",)),
        ("numero telefono persona contacto", (r" (?:equivocad|incorrect|errad|errone)[oa]\b",)),
        ("equivoco equivocaron equivocado equivocada equivocados", (r" de (?:numero|persona|telefono)\b",)),
        ("dejeme dejenme dejame dejenos dejennos", (r" (?:en paz|tranquil[oa]s?)\b",)),
        ("basta alto", (rf"(?: (?:de|a|con|los|sus|tantos|ya|estos))*{_MESSAGES}",)),
        ("revoco retiro", (r" mi consentimiento\b",)),
    ),
    doubts=(
        ("cancelar", (r"(?! (?:la|mi|el|una) (?:cita|reunion|clase|turno|pedido|reserva)\b)",)),
        ("parar detener", ("",)),
        ("basta", (r"(?! con\b)",)),
        ("de", (r" baja\b",)),
        ("no", (r" me interesa\b", rf" {_WE_WANT} (?:mas|nada|nada mas)(?: gracias)?{END}")),
    ),
    clear=r"parar|paren?|detener(?:se)?|detengan?(?:se)?|detente|parense|parese|larguen?se|vayan?se"
    r"|esfumen?se|pierdan?se|alejen?se|alto|basta|baja|salir|no mas|ya no|desuscribir(?:me)?|no mensajes",
    vague=r"cancelar|cancele|cancelen|eliminar|borrar",
    polite=r"hola|por favor|porfavor|porfa|gracias|ya|ahora|buenos dias|buenas tardes|senor|senora|oiga|oigan",
    denied=r"\bno (?:quiero|deseo|necesito|hay)(?: (?:que|me))* $",
    held=r"callen?se|dejenme|dejeme|ya basta|no quiero|ya no quiero|no me gusta",
    refusals=r"no gracias|no quiero|no me interesa|ya no(?: quiero)?|mejor no|olvidalo",
)
