"""The only writer of opt-ins, suppressions, holds and blocks. Every source calls it; every change leaves an event.

Each function works in the caller's transaction and does not commit. It takes the number's lock first, so that two acts
about one number follow one another; what they may do is decided by the order of their dates, never by who came first.
"""

from optin.consent.ledger.correcting_opt_outs import CORRECT_WITHIN, Correction, correct, correction
from optin.consent.ledger.double_opt_in import DoubleOptInQuestion, QuestionState, decline, question
from optin.consent.ledger.holds_and_blocks import block, hold, keep, unblock
from optin.consent.ledger.import_obstacles import Obstacle, ObstacleKind, obstacles
from optin.consent.ledger.importing import ImportedOptIn, import_opt_ins, with_spellings
from optin.consent.ledger.lost_numbers import find_number, lose_held_number, lose_number
from optin.consent.ledger.moving_links import Links, links_of, move_links, return_links
from optin.consent.ledger.number_lock import (
    cancel_waiting,
    has_lock,
    lock,
    lock_free,
    lock_number,
    lock_numbers,
    note_lock,
)
from optin.consent.ledger.opting_in import (
    OptInOutcome,
    OptInResult,
    ask_again,
    confirm,
    link_people,
    link_person,
    opt_in,
)
from optin.consent.ledger.opting_out import (
    OptOutResult,
    change_number,
    end_opt_in,
    expire_questions,
    opt_out,
    opt_out_keyword,
    opt_out_phone,
)
from optin.consent.ledger.starting_again import allow_by_yes, start
from optin.consent.ledger.staying_out import stay_out, stays_out_since
from optin.consent.ledger.taking_over import (
    EndedElsewhere,
    TakenOver,
    foresee_ended,
    hold_of_before,
    opt_out_of_before,
    take_over_ended,
)
from optin.consent.ledger.undo_import import ImportUndone, share_opt_outs, take_back_opt_outs, withdraw_imported
from optin.consent.ledger.undo_review import WITHDRAW_WITHIN, Withdrawal, WithdrawalRefusal, can_withdraw, withdraw
from optin.consent.ledger.undoing_merges import GivenBack, MergeAct, undo_merge
from optin.models.index_conditions import LIVE

__all__ = [
    "CORRECT_WITHIN",
    "LIVE",
    "WITHDRAW_WITHIN",
    "Correction",
    "DoubleOptInQuestion",
    "EndedElsewhere",
    "GivenBack",
    "ImportUndone",
    "ImportedOptIn",
    "Links",
    "MergeAct",
    "Obstacle",
    "ObstacleKind",
    "OptInOutcome",
    "OptInResult",
    "OptOutResult",
    "QuestionState",
    "TakenOver",
    "Withdrawal",
    "WithdrawalRefusal",
    "allow_by_yes",
    "ask_again",
    "block",
    "can_withdraw",
    "cancel_waiting",
    "change_number",
    "confirm",
    "correct",
    "correction",
    "decline",
    "end_opt_in",
    "expire_questions",
    "find_number",
    "foresee_ended",
    "has_lock",
    "hold",
    "hold_of_before",
    "import_opt_ins",
    "keep",
    "link_people",
    "link_person",
    "links_of",
    "lock",
    "lock_free",
    "lock_number",
    "lock_numbers",
    "lose_held_number",
    "lose_number",
    "move_links",
    "note_lock",
    "obstacles",
    "opt_in",
    "opt_out",
    "opt_out_keyword",
    "opt_out_of_before",
    "opt_out_phone",
    "question",
    "return_links",
    "share_opt_outs",
    "start",
    "stay_out",
    "stays_out_since",
    "take_back_opt_outs",
    "take_over_ended",
    "unblock",
    "undo_merge",
    "with_spellings",
    "withdraw",
    "withdraw_imported",
]
