"""What an inbound text asks for, as tables that a person can read and extend."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.enums import HoldCause, Meaning
from optin.reading import words
from optin.reading.words import Reading, normalise, read, refusal_as_keyword

KEYWORDS = ("volunteer", "phonebank", "vote", "café", "志愿者", "स्वयंसेवक", "go")
ARCHIVED = ("gala",)


def asked(text: str, **also: object) -> Reading:
    return read(text, keywords=KEYWORDS, known_keywords=ARCHIVED, **also)  # type: ignore[arg-type]


# Dress: what phones, people and keyboards do to a word without meaning anything by it.

DRESS = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "mixed": lambda word: "".join(ch.upper() if i % 2 else ch for i, ch in enumerate(word)),
    "full width": lambda word: "".join(chr(ord(ch) + 0xFEE0) if "!" <= ch <= "~" else ch for ch in word),
    "mathematical": lambda word: "".join(chr(0x1D41A + ord(ch) - 97) if "a" <= ch <= "z" else ch for ch in word),
    "spaces": lambda word: f"  {word} \n",
    "no-break spaces": lambda word: f"\u00a0{word}\u3000",
    "stop": lambda word: f"{word}.",
    "bangs": lambda word: f"{word}!!!",
    "question": lambda word: f"{word}?",
    "brackets": lambda word: f"({word})",
    "quotes": lambda word: f'"{word}"',
    "curly quotes": lambda word: f"“{word}”",
    "single quotes": lambda word: f"‘{word}’",
    "guillemets": lambda word: f"«{word}»",
    "asterisks": lambda word: f"*{word}*",
    "emoji": lambda word: f"🛑 {word} 👎🏽",
    "joined emoji": lambda word: f"{word}👨‍👩‍👧‍👦",
    "heart": lambda word: f"{word}❤️",
    "zero width": lambda word: "\u200b".join(word),
    "joiners": lambda word: f"\u200d{word}\ufeff",
    "right to left": lambda word: f"\u202b{word}\u202c",
    "soft hyphen": lambda word: word[:2] + "\u00ad" + word[2:],
    "NUL": lambda word: f"\x00{word}\x00",
}


@pytest.mark.parametrize("dress", DRESS)
@pytest.mark.parametrize("word", sorted(words.OPT_OUT_WORDS))
def test_every_opt_out_word_in_every_dress(word: str, dress: str) -> None:
    reading = asked(DRESS[dress](word))
    assert (reading.meaning, reading.exact) == (Meaning.OPT_OUT, True)
    assert reading.trigger
    assert normalise(reading.trigger) == word


@pytest.mark.parametrize("dress", DRESS)
@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("help", Meaning.HELP),
        ("info", Meaning.HELP),
        ("start", Meaning.START),
        ("unstop", Meaning.START),
        ("yes", Meaning.YES),
    ],
)
def test_help_start_and_yes_in_every_dress(word: str, meaning: Meaning, dress: str) -> None:
    assert asked(DRESS[dress](word)) == Reading(meaning, exact=True)


@pytest.mark.parametrize("dress", DRESS)
def test_a_keyword_in_every_dress(dress: str) -> None:
    assert asked(DRESS[dress]("volunteer")) == Reading(Meaning.KEYWORD, keyword="volunteer")


@pytest.mark.parametrize(
    "text", ["help me move", "start over please", "yes please", "y", "Y!", "y not", "Help! I fell", "starts", "yep"]
)
def test_help_start_and_yes_among_other_words_are_nothing(text: str) -> None:
    assert asked(text).meaning is Meaning.ORDINARY


# Step 4: first line, first sentence.


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Stop. Thank you", "Stop"),
        ("STOP!! I never asked for this", "STOP"),
        ("stop.thanks", "stop"),
        ("Cancel… I moved away", "Cancel"),
        ("Quit; wrong person", "Quit"),
        ("Opt out.\nThank you", "Opt out"),
        ("opt-out", "opt-out"),
        ("Stop-All", "Stop-All"),
        ("STOP\nVOLUNTEER", "STOP"),
        ("Stop. Volunteer", "Stop"),
        ("stóp", "stóp"),
        ("sto\u0301p\u0301", "sto\u0301p\u0301"),
        ("ＳＴＯＰ．Ｔｈａｎｋｓ", "ＳＴＯＰ"),
    ],
)
def test_an_opt_out_word_as_first_line_or_sentence(text: str, trigger: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.trigger, reading.exact) == (Meaning.OPT_OUT, trigger, False)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("end\nSent from my iPhone", "end"),
        ("\n\n🙏\nUnsubscribe\n--\nJane", "Unsubscribe"),
        ("STOP\n\n> On Nov 3 Hillside wrote: reply STOP to end", "STOP"),
    ],
)
def test_an_opt_out_word_above_a_signature_or_a_quotation_is_exact(text: str, trigger: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.trigger, reading.exact) == (Meaning.OPT_OUT, trigger, True)


# Step 5: one keyword.


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP VOLUNTEER", "volunteer"),
        ("stop  “Volunteer”!", "volunteer"),
        ("Stop: volunteer", "volunteer"),
        ("stop-volunteer", "volunteer"),
        ("STOP GALA", "gala"),
        ("Stop café", "café"),
        ("Stop 志愿者", "志愿者"),
        ("STOP VOTE\nthank you", "vote"),
    ],
)
def test_stop_and_a_keyword_ends_that_keyword(text: str, keyword: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.keyword) == (Meaning.OPT_OUT_KEYWORD, keyword)
    assert reading.trigger == text.strip()


def test_stop_all_stops_all_even_where_all_is_a_keyword() -> None:
    assert read("STOP ALL", keywords={"all"}).meaning is Meaning.OPT_OUT
    assert read("stop now", keywords={"now"}) == Reading(Meaning.OPT_OUT_KEYWORD, keyword="now", trigger="stop now")
    assert read("stop texts", keywords={"texts"}).meaning is Meaning.OPT_OUT_KEYWORD
    assert read("stop gala", keywords=()).meaning is Meaning.ORDINARY


# Step 6: phrases.

ENGLISH = [
    "remove me",
    "Remove me!",
    "please remove me from your list",
    "Pls delete my number",
    "REMOVE MY NUMBER NOW",
    "remove this number please",
    "remove from list",
    "take me off",
    "Take me off your list",
    "take my name off this list",
    "get me off this list",
    "I want off your list",
    "stop texting me",
    "Stop texting",
    "STOPPPP TEXTING ME",
    "quit texting me",
    "please stop messaging us",
    "stop sending me texts",
    "stop sending these messages",
    "stop these texts",
    "Stop the messages please",
    "stop calling me",
    "stop spamming",
    "I want to stop receiving these texts",
    "do not text",
    "Do not text me",
    "don't text me",
    "don’t text me anymore",
    "DONT TEXT",
    "please do not text this number",
    "never text me again",
    "I told you don't text me",
    "do not contact me",
    "don't message me again",
    "do not send me any more texts",
    "no more texts",
    "delete me",
    "No more messages please",
    "wrong number",
    "Sorry, wrong number!",
    "You have the wrong number, this is Bob",
    "you have the wrong person",
    "unsubscribe me",
    "please unsubscribe",
    "unsuscribe me",
    "I want to unsubscribe",
    "unsubscribe from this list",
    "opt me out",
    "I want to opt out",
    "opt out please",
    "please opt-out",
    "I already opted out",
    "I would like to be removed",
    "lose my number",
    "leave me alone",
    "I don't want these texts",
    "I don't want to receive any more messages",
    "I no longer want texts from you",
    "I do not wish to be contacted",
    "cancel my subscription",
    "cancel these texts",
    "I revoke my consent",
    "I do not consent to these texts",
    "please stop",
    "Please stop.",
    "stop please",
    "STOP PLEASE",
    "PLEASE CANCEL",
    "stop now",
    "ok stop",
    "Hi! Stop.",
    "stop it",
    "Who is this? Please stop.",
    "Who is this? Stop please!",
    "ok, stop. I am at work",
    "stop please\nI am at work",
    "Please cancel.\nI moved",
    "this is too much please stop",
    "can you please stop",
    "I said stop",
    "I already texted STOP twice",
    "stop stop stop",
    "STOP 🙏 thank you",
    "remove",
    "Unsub",
    "ARRET",
    "arrêt",
    "go away",
    "fuck off",
    "no more",
    "No texts please",
    # spaced out, drawn out, torn apart
    "s t o p",
    "S.T.O.P.",
    "S-T-O-P",
    "s*t*o*p",
    "S T O P. thanks",
    "please s t o p",
    "u n s u b s c r i b e",
    "STOPSTOP",
    "STOP - who is this",
    "Thanks for Friday! Stop",
    "Cease and desist.",
    "I am reporting you for spam",
    "unsubscribed",
    "st op",
    "un subscribe",
    "STOPPPP",
    "stooooop",
    "sssstop",
    "unsubscribeeee",
    # other letters for the same
    "ｓｔｏｐ ｔｅｘｔｉｎｇ ｍｅ",
    "rémove mé",
    "stop\u200b texting\u200b me",
]
SPANISH = [
    "No me envíen más mensajes",
    "no me manden mensajes",
    "No me escriba más",
    "no me escriban",
    "no me contacten",
    "por favor no me llamen",
    "no me molesten",
    "no me vuelvan a escribir",
    "No quiero recibir más mensajes",
    "no quiero mensajes",
    "no quiero sus mensajes",
    "ya no quiero recibir mensajes",
    "No quiero que me escriban",
    "no deseo recibir estos textos",
    "no más mensajes",
    "No más",
    "dejen de enviarme mensajes",
    "deje de escribirme",
    "paren de mandar mensajes",
    "darme de baja",
    "Quiero darme de baja",
    "denme de baja por favor",
    "quiero la baja",
    "Baja",
    "quíteme de la lista",
    "Quítenme de su lista",
    "elimínenme",
    "borren mi número",
    "sáquenme de esta lista",
    "cancelar suscripción".replace(" ", " mi "),
    "cancelen mi suscripción",
    "Cancelar",
    "PARAR",
    "alto",
    "basta",
    "Número equivocado",
    "numero equivocado",
    "Tiene el número incorrecto",
    "Se equivocó de número",
    "déjenme en paz",
    "desuscribirme",
    "por favor stop",
    "no molestar",
    "parar los mensajes",
]


@pytest.mark.parametrize("text", ENGLISH + SPANISH)
@pytest.mark.parametrize("dress", ["lower", "upper", "spaces", "bangs", "curly quotes", "emoji"])
def test_an_opt_out_phrase(text: str, dress: str) -> None:
    reading = asked(DRESS[dress](text))
    assert (reading.meaning, reading.exact, reading.hold) == (Meaning.OPT_OUT, False, None)
    assert reading.trigger
    assert reading.trigger in DRESS[dress](text)


@pytest.mark.parametrize("text", ENGLISH[:40] + SPANISH[:10])
def test_a_phrase_counts_in_a_later_line_too(text: str) -> None:
    assert asked(f"I don't know who you are.\n{text}\nBob").meaning is Meaning.OPT_OUT


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Who are you? Don’t text me!", "Don’t text"),
        ("ok, take  me off 🙏 your list", "take  me off 🙏 your list"),
        ("S.T.O.P. texting", "S.T.O.P"),
        ("Hola, ¡quítenme ya!", "quítenme"),
        ("Ｒｅｍｏｖｅ　ｍｅ now", "Ｒｅｍｏｖｅ　ｍｅ"),
        ("x\u200b remove\u200b me\u200b", "remove\u200b me"),
        ("we have to stop this bill", "stop"),
        ("Let’s “quit” then", "quit"),
        ("stpo!", "stpo"),
    ],
)
def test_the_trigger_is_the_piece_of_the_original(text: str, trigger: str) -> None:
    assert asked(text).trigger == trigger


# Step 11: a person has to decide.

HELD = [
    "we have to stop this bill",
    "We need to STOP this",
    "please stop volunteer texts",
    "I can't wait to end this",
    "Stop the count!",
    "ok cancel",
    "don't take me off your list",
    "we must stop texting and driving",
    "I do not text",
    "you don't text me anymore :(",
    "no quiero darme de baja",
    "hay que parar esto",
    "not interested",
    "report spam",
    "stahp",
    "no longer interested",
    "stop political texts",
    "I want out",
    "it should end now. Right?",
    "stop xyzzy",
    "How can I stop these text alerts?",
    "how do I unsubscribe",
]


@pytest.mark.parametrize("text", HELD)
def test_an_opt_out_word_inside_a_sentence_is_held(text: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, HoldCause.SENTENCE)
    assert reading.trigger
    assert reading.trigger in text


# A keyword joins only if nothing in the text takes it back.

REFUSED_AFTER_A_KEYWORD = [
    ("Volunteer\nno thanks", "no thanks"),
    ("VOLUNTEER\n\nNo thank you!", "No thank you"),
    ("volunteer\nnope", "nope"),
    ("volunteer\nSorry, never mind", "Sorry, never mind"),
    ("volunteer\nI changed my mind", "I changed my mind"),
    ("volunteer\nI don't want this", "I don't want this"),
    ("volunteer\nthank you\nnot interested", "not interested"),
    ("volunteer\nno gracias", "no gracias"),
    ("volunteer\nnon merci", "non merci"),
    ("志愿者\nno", "no"),
]


@pytest.mark.parametrize(("text", "trigger"), REFUSED_AFTER_A_KEYWORD)
def test_a_keyword_that_is_taken_back_joins_nothing_and_is_held(text: str, trigger: str) -> None:
    keyword = normalise(text.partition("\n")[0])
    assert asked(text) == Reading(Meaning.ORDINARY, hold=HoldCause.REFUSAL, trigger=trigger, near_keyword=keyword)


@pytest.mark.parametrize("more", ["yes please", "no problem", "thanks!", "I know nobody there"])
def test_other_lines_after_a_keyword_do_not_keep_it_from_joining(more: str) -> None:
    assert asked(f"volunteer\n{more}") == Reading(Meaning.KEYWORD, keyword="volunteer")


@pytest.mark.parametrize("text", ["🛑", " ✋ ", "✋🏽", "🛑🛑🛑", "🛑 ✋🏿!", "⛔️", "🚫"])
def test_a_stop_sign_alone_is_held(text: str) -> None:
    assert asked(text) == Reading(Meaning.ORDINARY, hold=HoldCause.SIGN, trigger=text.strip())


@pytest.mark.parametrize("text", ["👍", "🛑👍", "🎉🎉", "👋", "", "!!!"])
def test_other_signs_say_nothing(text: str) -> None:
    assert asked(text) == Reading(Meaning.ORDINARY)


# Letters of other scripts that look like Latin ones; what is read is what is seen.

LOOK_ALIKES = [
    "\u0405\u0422\u041e\u0420",  # all Cyrillic
    "S\u0422OP",
    "st\u043ep",
    "\u0405 \u0422 \u041e \u0420",
    "ST\u039f\u03a1",  # Greek
    "S\u03a4OP now please",
    "UNSU\u0412SCRI\u0412E",
    "\u0421ANCEL",
    "please st\u043ep texting me",
]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_letters_that_look_like_those_of_an_opt_out_word_count_as_them(text: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.exact) == (Meaning.OPT_OUT, False)
    assert reading.trigger
    assert reading.trigger in text


@pytest.mark.parametrize("text", ["скоро", "стол", "τότε", "Привет, всё хорошо"])
def test_words_of_other_scripts_are_left_alone(text: str) -> None:
    assert asked(text) == Reading(Meaning.ORDINARY)


MISSPELT = """
stpo sotp stopp STPO! stp tsop stip dtop stops sop stoop stopal
unsuscribe unsubcribe cancle cancell qut qiut quitt revok optuot
"""


@pytest.mark.parametrize("text", [*MISSPELT.split(), "opt uot", "stop al"])
def test_a_misspelt_opt_out_word_is_held(text: str) -> None:
    reading = asked(text)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, HoldCause.MISSPELT)
    assert reading.trigger == text.strip("!")


ORDINARY = """
shop
step
top
sent
send
and
quiet
quite
suit
quiz
ended
cancer
ok
no
No thanks
hello
I'm in!
thanks for stopping by
weekend plans?
I will send it
nonstopfun
The meeting got cancelled
he resigned yesterday
I depend on you
unquiet
what a backstop
take me to the rally
remove the sign
I'd like more info
can you help me
where do I start
yes I will
text me later
please text me
don't forget
no problem
no me llamo Juan
no me molesta
quiero ayudar
más información
para mí está bien
Drop me a line
the number is 5
Never text and drive
leave it to me
I want to be on the list
we want more signs
Liked “Hi Sam, vote on Tuesday! Reply STOP to end, HELP for help”
Disliked “Acme: text VOLUNTEER to join us. Reply STOP to opt out”
👍 to “Acme: text VOLUNTEER to join us. Reply STOP to opt out”
Laughed at "Acme: rally tonight. Text STOP to unsubscribe"
at the end of the day
bus stop at 5th
can you stop by later
yes, cancel the pickup
I quit smoking
they should revoke his license
he opted out of the meeting
do not call before 5
Don't call me, text me
Don't stop texting me
I did not ask you to unsubscribe me
"""


@pytest.mark.parametrize("text", ["", " ", "\n\n", "👍", "?", "...", *ORDINARY.strip().splitlines()])
def test_an_ordinary_message_is_only_that(text: str) -> None:
    assert asked(text) == Reading(Meaning.ORDINARY)


def test_a_reaction_needs_a_quotation() -> None:
    assert asked("Liked “stop”") == Reading(Meaning.ORDINARY)
    assert asked("Emphasized stop texting me").meaning is Meaning.OPT_OUT


# Steps 10 and 12: keywords and near keywords.


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("VOLUNTEER!", "volunteer"),
        ("“Volunteer”", "volunteer"),
        ("ｖｏｌｕｎｔｅｅｒ", "volunteer"),
        ("volunteer 🎉", "volunteer"),
        ("Volunteer\nMy name is Ann\nand I like dogs", "volunteer"),
        ("\n  volunteer\r\nSent from my phone", "volunteer"),
        ("CAFÉ", "café"),
        ("cafe\u0301", "café"),
        ("志愿者", "志愿者"),
        ("स्वयंसेवक!", "स्वयंसेवक"),
        ("Go!", "go"),
        ("volunteer\nlet's stop this bill", "volunteer"),
    ],
)
def test_a_keyword_joins(text: str, keyword: str) -> None:
    assert asked(text) == Reading(Meaning.KEYWORD, keyword=keyword)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("volunter", "volunteer"),
        ("volun teer", "volunteer"),
        ("volunteerr", "volunteer"),
        ("volutneer", "volunteer"),
        ("vplunteer!", "volunteer"),
        ("cafe", "café"),
        ("volunteer please", "volunteer"),
        ("I want to volunteer", "volunteer"),
        ("How do I “volunteer”?", "volunteer"),
        ("volunteer. thanks", "volunteer"),
        ("volunteer,please", "volunteer"),
        ("volunteer🎉please", "volunteer"),
        ("我 志愿者", "志愿者"),
        ("hi\nvolunteer", "volunteer"),
        ("मैं स्वयंसेवक हूँ", "स्वयंसेवक"),
        ("boat or vote", "vote"),
        ("I go home", "go"),
    ],
)
def test_a_near_keyword_is_marked_and_joins_nothing(text: str, keyword: str) -> None:
    assert asked(text) == Reading(Meaning.ORDINARY, near_keyword=keyword)


@pytest.mark.parametrize(
    "text", ["volunteers needed", "vol un teer", "vollunterr", "gala", "gaal", "no", "volunteering"]
)
def test_what_is_not_near(text: str) -> None:
    assert asked(text).near_keyword is None


def test_hold_and_near_keyword_may_both_apply() -> None:
    both = asked("please stop volunteer texts")
    assert (both.hold, both.near_keyword) == (HoldCause.SENTENCE, "volunteer")
    slip = read("stopt", keywords={"stopit"})
    assert (slip.hold, slip.near_keyword) == (HoldCause.MISSPELT, "stopit")


def test_opting_out_comes_before_keywords() -> None:
    assert read("stop", keywords={"stop"}).meaning is Meaning.OPT_OUT
    assert asked("volunteer\nstop texting me").meaning is Meaning.OPT_OUT
    torn = asked("VOLUNTEER\nSTOP")
    assert (torn.meaning, torn.hold, torn.near_keyword) == (Meaning.ORDINARY, HoldCause.SENTENCE, "volunteer")


def test_an_exact_keyword_is_not_held_for_being_near_to_an_opt_out_word() -> None:
    assert read("stomp", keywords={"stomp"}) == Reading(Meaning.KEYWORD, keyword="stomp")


# Twilio's word and the admin's words.


@pytest.mark.parametrize(
    ("text", "told", "reading"),
    [
        ("STOP", "STOP", Reading(Meaning.OPT_OUT, trigger="STOP", exact=True)),
        ("genug jetzt", "STOP", Reading(Meaning.OPT_OUT, trigger="genug jetzt")),
        ("volunteer", "STOP", Reading(Meaning.OPT_OUT, trigger="volunteer")),
        ("HELP", "HELP", Reading(Meaning.HELP, exact=True)),
        ("stop", "HELP", Reading(Meaning.HELP)),
        ("START", "START", Reading(Meaning.START, exact=True)),
        ("yes", "START", Reading(Meaning.START, exact=True)),
        ("Volunteer", "START", Reading(Meaning.START, keyword="volunteer")),
        ("volunteer", "stop", Reading(Meaning.OPT_OUT, trigger="volunteer")),
        ("volunteer", "", Reading(Meaning.KEYWORD, keyword="volunteer")),
        ("volunteer", "SOMETHING NEW", Reading(Meaning.KEYWORD, keyword="volunteer")),
    ],
)
def test_what_twilio_reports_outranks_the_text(text: str, told: str, reading: Reading) -> None:
    assert asked(text, opt_out_type=told) == reading


def test_words_that_the_admin_added() -> None:
    extra = ["Genug!", "aus die maus", "отписаться", "🛑"]
    assert asked("GENUG", extra_opt_out=extra) == Reading(Meaning.OPT_OUT, trigger="GENUG", exact=True)
    assert asked("Aus die  Maus.", extra_opt_out=extra).exact
    assert asked("Отписаться. Спасибо", extra_opt_out=extra).meaning is Meaning.OPT_OUT
    assert asked("jetzt ist aber genug", extra_opt_out=extra).hold is HoldCause.SENTENCE
    assert asked("Nun aus die Maus, ja", extra_opt_out=extra).trigger == "aus die Maus"
    assert asked("gneug", extra_opt_out=extra).hold is HoldCause.MISSPELT
    assert asked("🎉", extra_opt_out=extra) == Reading(Meaning.ORDINARY)
    assert asked("genug") == Reading(Meaning.ORDINARY)


# Words that can't be keywords.


@pytest.mark.parametrize(
    ("word", "piece"),
    [
        *((word, "to opt out") for word in sorted(words.OPT_OUT_WORDS)),
        *((word, "to ask for help") for word in sorted(words.HELP_WORDS)),
        *((word, "to allow texts again") for word in sorted(words.START_WORDS)),
        *((word, "to confirm") for word in sorted(words.YES_WORDS)),
        ("opt-out", "to opt out"),
        ("stop-all", "to opt out"),
        ("Stop_All", "to opt out"),
        ("S.T.O.P", "to opt out"),
        ("ＳＴＯＰ", "to opt out"),
        ("stóp", "to opt out"),
        ("HELP!", "to ask for help"),
        ("remove", "to opt out"),
        ("arret", "to opt out"),
        ("baja", "to opt out"),
        ("STOPPPP", "to opt out"),
        ("", "Enter a word"),
        ("  ", "Enter a word"),
        ("🎉", "Enter a word"),
        ("a", "2 to 30"),
        ("a" * 31, "2 to 30"),
        ("two words", "without spaces"),
        ("vol-unteer", "only letters and digits"),
        ("volunteer!", "only letters and digits"),
        ("vo\u200blunteer", "only letters and digits"),
        ("go🎉team", "only letters and digits"),
        ("a_b", "only letters and digits"),
        ("ab\ud800", "only letters and digits"),
    ],
)
def test_words_that_are_refused_as_keywords(word: str, piece: str) -> None:
    refused = refusal_as_keyword(word)
    assert refused is not None
    assert piece in refused.sentence
    assert refused.sentence.endswith(".")


@pytest.mark.parametrize(
    "word",
    [
        "volunteer",
        "VOTE2026",
        "ok",
        "shop",
        "2026",
        "café",
        "志愿者",
        "स्वयंसेवक",
        "добровольец",
        "ﻣﺘﻄﻮﻉ",
        "a" * 30,
        "stopp",
    ],
)
def test_words_that_may_be_keywords(word: str) -> None:
    assert refusal_as_keyword(word) is None
    assert read(word, keywords={normalise(word)}).meaning is Meaning.KEYWORD


def test_an_added_opt_out_word_is_reserved_too() -> None:
    assert "to opt out" in str(refusal_as_keyword("Genug", extra_opt_out=["genug"]))
    assert refusal_as_keyword("Genug") is None


ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Mn", "So", "Lo"]),
        st.sampled_from("stop .\n'|"),
    )
)


@given(ANY_TEXT)
def test_any_text_is_read(text: str) -> None:
    reading = asked(text)
    assert (reading.hold is None) or reading.meaning is Meaning.ORDINARY
    assert reading.trigger is None or (reading.trigger and reading.trigger in text)
    assert (reading.keyword is not None) == (reading.meaning in (Meaning.KEYWORD, Meaning.OPT_OUT_KEYWORD))


@given(ANY_TEXT, st.sampled_from(["STOP", "START", "HELP", "x"]), st.lists(ANY_TEXT, max_size=2))
def test_any_text_is_read_with_any_words(text: str, told: str, extra: list[str]) -> None:
    assert asked(text, opt_out_type=told, extra_opt_out=extra).meaning in Meaning
    refused = refusal_as_keyword(text)
    assert refused is None or refused.sentence


@given(st.sampled_from(sorted(words.OPT_OUT_WORDS)), st.text(alphabet=".!? \n\u200b“”🛑\u202e\u00a0*", max_size=8))
def test_nothing_around_an_opt_out_word_hides_it(word: str, around: str) -> None:
    assert asked(around + word + around[::-1]).meaning is Meaning.OPT_OUT


HOSTILE = ["\x00", "a", "🛑", "\ud800", "\u202e", ".", "\n", "o", "\ufdfa", "e\u0301", "s t o p ", "do not "]
HOSTILE += [
    "please ",
    "i already ",
    "no me ",
    "stop all the ",
    "Liked “",
    "take from the ",
    "want to get ",
    "dont please ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_is_read_at_once(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.perf_counter()
    asked(text)
    assert time.perf_counter() - began < 0.5


def test_a_text_that_was_cut_joins_nothing() -> None:
    assert asked("volunteer" + " " * 3000 + "not me").meaning is Meaning.ORDINARY
    assert asked("volunteer\n" + "x" * 3000).meaning is Meaning.KEYWORD
    assert asked("yes" + " " * 3000 + "but no").meaning is Meaning.ORDINARY
    assert asked("stop\n" + "x" * 3000).meaning is Meaning.OPT_OUT


def test_reading_is_quick() -> None:
    text = "Hey Sam, thanks for the note about Saturday. I can come at ten and bring two friends and some coffee, is "
    text = (text + "there parking near the school or should we take a bus?")[:160]
    keywords = frozenset(f"keyword{number}" for number in range(50))
    best = float("inf")
    for _ in range(200):
        began = time.perf_counter()
        for _ in range(10):
            read(text, keywords=keywords)
        best = min(best, (time.perf_counter() - began) / 10)
    assert best < 60e-6 * 3  # three times the 60 µs that an idle machine takes less than
