"""What a text does towards joining: a keyword, START, YES, and the answer to a double opt-in question."""

from optin.consent import ledger
from optin.consent.ledger import DoubleOptInQuestion, OptInOutcome, OptInResult, QuestionState
from optin.enums import Meaning, ReplyKind, SenderKind
from optin.reading import answers, words
from optin.reading.answers import Answer
from optin.reading.words import Reading
from optin.receiving.case import InboundCase, StepResult, read_text
from optin.sending import queueing

RESTORED = "texts allowed again, earlier opt-ins restored"
ALLOWED_AGAIN = "texts allowed again; a keyword is needed for each campaign"
STILL_BLOCKED = "Twilio blocks them until they text START on its own"


def start(handled: InboundCase, reading: Reading) -> str:
    """START; when Twilio reported it by OptOutType, the text may be a keyword or an answer besides."""
    session, number = handled.session, handled.text.number
    ended = ledger.start(session, number, handled.act, restore=handled.policy.start_restores_opt_ins)
    effect = _allowed(handled, ended=ended, lifted=_unblock(handled)) or "texted START"
    if not handled.text.opt_out_type:
        still = not reading.exact and queueing.is_blocked(session, number, handled.sender.scope)
        return f"{effect}; {STILL_BLOCKED}" if still else effect
    besides = read_text(handled.text.body, handled.cached, None)
    if besides.meaning == Meaning.KEYWORD:
        return f"{effect}; {keyword(handled, besides.keyword or '')}"
    answered = to_question(handled).effect
    return f"{effect}; {answered}" if answered else effect


def yes(handled: InboundCase) -> StepResult:
    """A text that may say yes. An exact YES to a long code counts as START besides, since Twilio takes it as such.

    It lifts Twilio's block before we answer, and the suppression unless it has answered a question.
    """
    if handled.sender.kind != SenderKind.LONG_CODE or words.normalise(handled.text.body) != words.EXACT_YES:
        return to_question(handled)
    lifted = _unblock(handled)
    answered = to_question(handled)
    if answered.effect and answered.meaning == Meaning.YES:
        return answered
    restore = handled.policy.start_restores_opt_ins
    ended = ledger.allow_by_yes(handled.session, handled.text.number, handled.act, restore=restore)
    effects = (_allowed(handled, ended=ended, lifted=lifted), answered.effect)
    return answered._replace(effect="; ".join(filter(None, effects)))


def to_question(handled: InboundCase) -> StepResult:
    """Do what a text answers to the question that the receiving sender has asked; nothing where none is open.

    What came before the question was handed over is no answer, and a yes to a question that got lost asks again.
    """
    nothing = StepResult("", Meaning.ORDINARY)
    answer = answers.answer(handled.text.body)
    asked = ledger.question(handled.session, handled.text.number, handled.act) if answer else None
    if asked is None:
        return nothing
    word = handled.cached.keyword(asked.keyword_id).word
    match answer, asked.state:
        case Answer.YES, QuestionState.OPEN:
            result = ledger.confirm(handled.session, handled.text.number, asked, handled.act)
            return StepResult(_joined(handled, result), Meaning.YES)
        case Answer.YES, QuestionState.LOST:
            hours = handled.policy.question_hours
            result = ledger.ask_again(handled.session, asked.opt_in_id, handled.act, hours)
            return StepResult(_joined(handled, result), Meaning.YES)
        case Answer.YES, _:
            return StepResult(f"too early to confirm {word}: the question had not been sent", Meaning.ORDINARY)
        case Answer.NO, QuestionState.OPEN:
            ledger.decline(handled.session, handled.text.number, asked, handled.act)
            return StepResult(f"answered no, not opted in with {word}", Meaning.NO)
        case Answer.UNCLEAR, QuestionState.OPEN:
            return StepResult(_explain(handled, asked), Meaning.ORDINARY)
    return nothing


def keyword(handled: InboundCase, normal: str) -> str:
    """A keyword, in normal form, as the whole text: opted in, or asked to confirm."""
    result = ledger.opt_in(
        handled.session,
        handled.text.number,
        handled.cached.keywords[normal],
        handled.act,
        question_hours=handled.policy.question_hours,
    )
    return _joined(handled, result)


def _explain(handled: InboundCase, asked: DoubleOptInQuestion) -> str:
    """Say how to confirm, once for each question: who is told again and again stops reading."""
    about = handled.cached.keyword(asked.keyword_id)
    if not queueing.was_answered(
        handled.session, handled.text.number, ReplyKind.HOW_TO_CONFIRM, opt_in_id=asked.opt_in_id
    ):
        handled.reply(ReplyKind.HOW_TO_CONFIRM, handled.policy.how_to_confirm_reply, asked.opt_in_id, about)
    return f"no clear answer about {about.word}"


def _unblock(handled: InboundCase) -> bool:
    """Record that Twilio lifted its block, where it takes this text for START; tell whether there was one."""
    text, sender = handled.text, handled.sender
    lifts = handled.stop_filter.unblocks(text.body, sender, text.opt_out_type)
    return lifts and ledger.unblock(handled.session, sender.scope, text.number, handled.act)


def _allowed(handled: InboundCase, *, ended: bool, lifted: bool) -> str:
    """Say that texts may go again, "" where nothing stood against them."""
    if ended and handled.policy.start_restores_opt_ins:
        return RESTORED
    return ALLOWED_AGAIN if ended or lifted else ""


def _joined(handled: InboundCase, result: OptInResult) -> str:
    """Queue the answer to an opt-in and say what came of it."""
    if result.outcome in (OptInOutcome.TOO_OLD, OptInOutcome.NOT_REVIVED):
        return "older than their opt-out: nothing changed"
    about = handled.cached.keyword(result.keyword_id)
    if result.reply is not None:
        template = about.question if result.reply == ReplyKind.QUESTION else about.confirmation
        handled.reply(result.reply, template, result.opt_in_id, about)
    elif result.outcome == OptInOutcome.PENDING:
        return f"already asked to confirm {about.word}"
    return {
        OptInOutcome.ACTIVATED: f"opted in with {about.word}",
        OptInOutcome.PENDING: f"asked to confirm {about.word}",
        OptInOutcome.ASKED_AGAIN: f"asked again to confirm {about.word}",
        OptInOutcome.CONFIRMED: f"confirmed, opted in with {about.word}",
        OptInOutcome.REAFFIRMED: f"already opted in with {about.word}",
    }[result.outcome]
