"""French opt-outs, doubts and ordinary texts; with and without accents, as phones write them."""

import pytest

from optin.enums import HoldCause, Meaning
from optin.reading.words import read, refusal_as_keyword

KEYWORDS = ("bénévole", "volunteer")

OPT_OUTS = [
    "ARRET",
    "Arrêt",
    "ARRÊT SVP",
    "arrêter",
    "Arrêtez !",
    "STOP merci",
    "DÉSABONNER",
    "desabonner",
    "Désabonnement",
    "désabonnez-moi",
    "Désabonnez moi s'il vous plaît",
    "me désabonner",
    "je veux me désabonner",
    "désinscription",
    "Désinscrivez-moi",
    "ANNULER",
    "Fin",
    "ne m'envoyez plus de textos",
    "Ne m’envoyez plus rien",
    "ne me contactez plus",
    "Merci de ne plus m'envoyer de messages",
    "Je ne veux plus recevoir de messages",
    "je ne veux pas de vos sms",
    "Je ne souhaite plus être contactée",
    "je veux plus recevoir vos textos",
    "Arrêtez de m'envoyer des messages",
    "arrêtez d'envoyer ça",
    "cessez de m'écrire",
    "Stoppez les envois",
    "retirez-moi de votre liste",
    "Supprimez mon numéro",
    "Mauvais numéro",
    "vous vous trompez de numéro",
    "Erreur de destinataire",
    "Laissez-moi tranquille",
    "je retire mon consentement",
    "annulez mon abonnement",
]
HELD = [
    "pas intéressée",
    "je veux plus de messages",
    "est-ce que je peux me faire désabonner demain",
    "ne me désabonnez pas",
    "il a dû annuler",
]
ORDINARY = [
    "l'arrêt de bus est fermé",
    "bonjour, merci beaucoup",
    "oui",
    "à la fin du mois",
    "je ne peux pas venir ce soir",
    "envoyez-moi plus d'informations",
    "quel numéro ?",
    "je ne sais pas",
    "c'est noté",
]


@pytest.mark.parametrize("text", OPT_OUTS)
@pytest.mark.parametrize("dress", [str, str.upper, "{}.".format])
def test_a_request_in_french_opts_out(text: str, dress: type[str]) -> None:
    reading = read(dress(text), keywords=KEYWORDS)
    assert reading.meaning is Meaning.OPT_OUT
    assert reading.trigger


@pytest.mark.parametrize("text", HELD)
def test_a_doubt_in_french_is_held(text: str) -> None:
    reading = read(text, keywords=KEYWORDS)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, HoldCause.SENTENCE)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_in_french_is_only_that(text: str) -> None:
    reading = read(text, keywords=KEYWORDS)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, None)


def test_a_french_keyword_joins() -> None:
    assert read("Bénévole, merci".partition(",")[0], keywords=KEYWORDS).meaning is Meaning.KEYWORD
    assert read("bénévole\nmerci", keywords=KEYWORDS).meaning is Meaning.KEYWORD


@pytest.mark.parametrize("word", ["arrêt", "désabonner", "annuler"])
def test_french_opt_out_words_are_reserved(word: str) -> None:
    assert "to opt out" in str(refusal_as_keyword(word))
