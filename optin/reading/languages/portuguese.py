"""Portuguese, as written in Brazil and in Portugal: "SAIR", "não me mande mais mensagens", "me tire da lista". Pure."""

from optin.reading.languages.language import END, Language

_MESSAGES = r"(?:mensagens?|sms|textos?|torpedos?|avisos?|notificacoes|propagandas?)\b"
_THESE = r"(?: (?:receber|mais|as|os|a|o|suas|seus|essas|estas|esses|estes|nenhuma|nenhum|de|das|dos))*"

PORTUGUESE = Language(
    requests=(
        (
            "nao",
            (
                r"(?: quero que)? (?:me|nos) (?:mande|envie|escrev|contat|ligue|liguem|perturb|incomod|chame"
                r"|procur)\w*",
                rf" (?:quero|desejo|queremos)(?= (?:mais|receber|essas|suas|as)){_THESE} {_MESSAGES}",
                rf" (?:quero|desejo|queremos) (?:mais )?receber(?: mais)?(?: nada)?{END}",
                rf" (?:mande|mandem|envie|enviem) mais\b| autorizo{_THESE} {_MESSAGES}",
            ),
        ),
        (
            "pare parem parar deixe deixem",
            (r"(?: ja)? de (?:me |nos )?(?:mandar|enviar|escrever|incomodar|ligar|contatar|perturbar)\w*",),
        ),
        ("pare parem parar cancele cancelem chega", (rf"(?: com)?{_THESE} {_MESSAGES}",)),
        ("me nos", (r" (?:tire|tirem|remova|removam|exclua|excluam|descadastre\w*|retirem?|desinscreva)\b",)),
        (
            "tire tirem tira remova removam remover retire exclua excluam excluir apague apaguem deletar",
            (
                r"(?: me| nos)? (?:da|dessa|desta|de sua|do seu|do|das) (?:sua )?(?:lista|cadastro|grupo|contatos)\b",
                r"(?: o)? (?:meu|este|esse) (?:numero|nome|telefone|contato|celular)\b",
            ),
        ),
        (
            "cancelar cancele cancelem cancela",
            (rf"{_THESE}(?: minha| meu)? (?:inscricao|assinatura|cadastro|{_MESSAGES})",),
        ),
        ("numero pessoa", (r" errad[oa]\b",)),
        ("revogo retiro", (r"(?: o)? meu consentimento\b",)),
    ),
    clear=r"sair|parar|parem?|descadastrar|descadastre(?: me)?|remova me|me remova|me tire|nao perturbe|chega",
    vague=r"cancelar|cancele|excluir|encerrar|remover",
    polite=r"por favor|obrigad[oa]|ola|oi|bom dia|boa tarde|boa noite|ja|agora",
    also=r"quero|eu|isso|tudo|todas?|mais|agora",
    denied=r"\bnao (?:quero|desejo|precisa)(?: \w+)? $",
    held=r"nao tenho interesse|sem interesse|nao quero(?: mais)?|nao obrigad[oa]|nao me interessa",
    refusals=r"nao(?: obrigad[oa])?|nao quero|deixa pra la",
)
