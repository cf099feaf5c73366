"""The field's terms as enumerations, each value with the words and the tone that a person sees.

This module imports nothing of Optin and neither Flask nor SQLAlchemy: rules, tables and screens share it.
"""

from enum import StrEnum


class LabelledEnum(StrEnum):
    """A value that is stored as its short text and shown as `label` in the colour `tone`."""

    label: str
    tone: str

    def __new__(cls, value: str, label: str = "", tone: str = "off") -> "LabelledEnum":
        """Make the member from (stored value, human text, tone); tone is one of ok, warn, bad, off."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").capitalize()
        member.tone = tone
        return member


class Channel(LabelledEnum):
    """How a message travels. We send by SMS; what comes in by another way is heard and shown."""

    SMS = "sms", "SMS"
    RCS = "rcs", "RCS"
    WHATSAPP = "whatsapp", "WhatsApp"
    MESSENGER = "messenger", "Messenger"
    OTHER = "other", "Unknown channel", "warn"


class Role(LabelledEnum):
    """What a user may do; the order of the members is the order of power."""

    VIEWER = "viewer", "Viewer"
    AGENT = "agent", "Agent"
    ADMIN = "admin", "Admin"

    def covers(self, needed: "Role") -> bool:
        """Tell whether this role may do what `needed` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class FieldKind(LabelledEnum):
    """What the values of a field of one's own are."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DAY = "day", "Day"
    YES_NO = "yes_no", "Yes or no"
    CHOICE = "choice", "One of a list"


class PersonKind(LabelledEnum):
    """What a person record is; a lead becomes a contact when it is converted."""

    CONTACT = "contact", "Contact"
    LEAD = "lead", "Lead"


class Likeness(LabelledEnum):
    """How sure it is that two records are of one person; the values are in order."""

    SURE = "1", "Almost certainly one person", "ok"
    LIKELY = "2", "Probably one person", "ok"
    PERHAPS = "3", "Perhaps one person", "warn"
    OTHERS = "4", "Probably different people", "off"


class SenderKind(LabelledEnum):
    """What kind of address we send from: it decides who answers STOP (Twilio's STOP filtering)."""

    LONG_CODE = "long_code", "long code"
    TOLL_FREE = "toll_free", "toll-free"
    SHORT_CODE = "short_code", "short code"
    SERVICE = "messaging_service", "Messaging Service"
    RCS = "rcs", "RCS agent"
    ELSEWHERE = "elsewhere", "other channel"


class OptInStatus(LabelledEnum):
    """State of a number's consent to one keyword."""

    PENDING = "pending", "Waiting for confirmation", "warn"
    ACTIVE = "active", "Active", "ok"
    INACTIVE = "inactive", "Inactive", "bad"
    EXPIRED = "expired", "Expired", "off"


class EndReason(LabelledEnum):
    """Why an opt-in became inactive."""

    OPTED_OUT = "opted_out", "Opted out", "bad"
    NUMBER_CHANGED = "number_changed", "Number changed", "off"
    BY_USER = "by_user", "Ended by a user", "off"
    NUMBER_LOST = "number_lost", "Number lost", "off"
    DECLINED = "declined", "Answered no", "off"
    IMPORT_WITHDRAWN = "import_withdrawn", "Import undone", "off"
    MIGRATED_INACTIVE = "migrated_inactive", "Inactive before the move", "off"


class OptInSource(LabelledEnum):
    """Where the consent came from."""

    SMS = "sms", "Text message"
    FORM = "form", "Web form"
    USER = "user", "Entered by a user"
    IMPORT = "import", "Import"
    API = "api", "API"
    MIGRATED = "migrated", "Moved from Twilio for Salesforce"


class ConsentWay(LabelledEnum):
    """How somebody agreed whom an import opts in."""

    PAPER = "paper", "On paper"
    WEB = "web", "On a website"
    TEXT = "text", "By text, elsewhere"
    SPOKEN = "spoken", "Spoken, in person or by telephone"


class EventKind(LabelledEnum):
    """What a row of the ledger says happened."""

    REQUESTED = "requested", "Asked to confirm", "warn"
    ACTIVATED = "activated", "Opted in", "ok"
    IMPORTED = "imported", "Opted in by an import", "ok"
    CONFIRMED = "confirmed", "Confirmed", "ok"
    REAFFIRMED = "reaffirmed", "Asked again, already opted in", "ok"
    EXPIRED = "expired", "Confirmation expired", "off"
    DECLINED = "declined", "Answered no", "off"
    OPTED_OUT = "opted_out", "Opted out of everything", "bad"
    AGREED = "agreed", "Agreed to be texted at a new number", "ok"
    OPTED_OUT_KEYWORD = "opted_out_keyword", "Opted out of one keyword", "bad"
    NUMBER_CHANGED = "number_changed", "Number changed", "off"
    UNLINKED = "unlinked", "No longer this person's number", "off"
    ENDED_BY_USER = "ended_by_user", "Ended by a user", "off"
    NUMBER_LOST = "number_lost", "Number lost", "off"
    NUMBER_FOUND = "number_found", "Number in use again", "ok"
    SUPPRESSION_ENDED = "suppression_ended", "Texts allowed again", "ok"
    STARTED = "started", "Texted START", "ok"
    RESTORED = "restored", "Restored by START", "ok"
    BLOCKED = "blocked", "Blocked at Twilio", "bad"
    UNBLOCKED = "unblocked", "Block at Twilio lifted", "ok"
    HELD = "held", "On hold for review", "warn"
    HOLD_RESOLVED = "hold_resolved", "Hold ended", "off"
    KEPT = "kept", "Kept after review", "ok"
    MIGRATED_INACTIVE = "migrated_inactive", "Inactive before the move", "off"
    OPT_OUT_WITHDRAWN = "opt_out_withdrawn", "Restored: the opt-out was withdrawn", "ok"
    LOSS_WITHDRAWN = "loss_withdrawn", "Restored: the number is not lost", "ok"
    DECISION_WITHDRAWN = "decision_withdrawn", "Review decision withdrawn", "warn"
    IMPORT_WITHDRAWN = "import_withdrawn", "Ended: the import was undone", "off"
    OPT_OUT_CORRECTED = "opt_out_corrected", "Corrected: not a request to stop", "warn"
    MERGE_UNDONE = "merge_undone", "Restored: the merge was undone", "ok"


class FindingCause(LabelledEnum):
    """How it came that a message started which should not have gone, as the nightly check sees it."""

    LEARNED = "learned", "Learned only after it had started", "warn"
    CROSSED = "crossed", "Crossed the text on its way to us", "off"
    KNOWN = "known", "Already in the log when it started", "bad"
    NO_CONSENT = "no_consent", "No consent in the log at all", "bad"


class HoldCause(LabelledEnum):
    """Why a number waits for a person's decision."""

    SENTENCE = "sentence", "a word that may ask to stop, inside a sentence"
    MISSPELT = "misspelt", "one letter away from STOP"
    SIGN = "sign", "a stop sign without words"
    NOT_THEIRS = "not_theirs", "someone else may have this number now"
    REFUSAL = "refusal", "a keyword, and a refusal in the same text"
    LATE_STOP = "late_stop", "a STOP that was found after a later keyword"
    SHORT_REFUSAL = "short_refusal", "a short refusal in answer to a broadcast"
    CARRIER_BLOCK = "carrier_block", "the carrier blocks our texts, or the number is known for suing over texts"
    STOP_AND_KEYWORD = "stop_and_keyword", "a STOP and a keyword within a minute, in Twilio for Salesforce"
    NEW_OWNER = "new_owner", "a text from a number that was not in use: perhaps a new owner"


class HoldResolution(LabelledEnum):
    """How a hold ended: the first three by a user's decision, the others by the person's own text."""

    OPT_OUT = "opt_out", "Opted out", "bad"
    KEEP = "keep", "Kept", "ok"
    NUMBER_LOST = "number_lost", "Number lost", "off"
    STOP = "stop", "They texted STOP", "bad"
    START = "start", "They texted START", "ok"
    KEYWORD = "keyword", "They texted a keyword", "ok"


class BlockCause(LabelledEnum):
    """How we learned that Twilio refuses to send from a sender to a number."""

    OPT_OUT_TYPE = "opt_out_type", "Twilio reported STOP"
    WORD = "word", "texted a word that Twilio filters"
    ERROR_21610 = "21610", "Twilio refused with error 21610"


class CampaignStatus(LabelledEnum):
    """How far a campaign is, as its users say; what is scheduled for an aborted one is not sent."""

    PLANNED = "planned", "Planned", "off"
    IN_PROGRESS = "in_progress", "In progress", "ok"
    COMPLETED = "completed", "Completed", "off"
    ABORTED = "aborted", "Aborted", "warn"


class BroadcastState(LabelledEnum):
    """How far a broadcast is; one that was sent or cancelled starts no more messages."""

    SCHEDULED = "scheduled", "Scheduled", "warn"
    QUEUEING = "queueing", "Preparing", "warn"
    SENDING = "sending", "Sending", "ok"
    PAUSED = "paused", "Paused", "warn"
    SENT = "sent", "Sent", "off"
    CANCELLED = "cancelled", "Cancelled", "bad"


class Audience(LabelledEnum):
    """To which of its campaign's members a broadcast goes, apart from the rule; not all: by what another one did."""

    ALL = "all", "All members"
    MISSED = "missed", "Members who did not get it"
    SILENT = "silent", "Members who got it and did not answer"


class Every(LabelledEnum):
    """How often a recurring broadcast goes out again."""

    WEEK = "week", "Every week"
    MONTH = "month", "Every month"
    DAYS = "days", "Every few days"


class RecurrenceState(LabelledEnum):
    """Whether a recurring broadcast goes out again; one that has ended never does."""

    ACTIVE = "active", "On", "ok"
    PAUSED = "paused", "Paused", "warn"
    ENDED = "ended", "Ended", "off"


class SeriesState(LabelledEnum):
    """Whether the texts of a series after a keyword go out; one that has ended never goes on."""

    DRAFT = "draft", "Not started", "off"
    ACTIVE = "active", "On", "ok"
    PAUSED = "paused", "Paused", "warn"
    ENDED = "ended", "Ended", "off"


class CanaryState(LabelledEnum):
    """How far the canary of a broadcast is: a few people get it first, then it waits (sending/canary.py)."""

    CHOOSING = "choosing", "Choosing who comes first", "warn"
    TESTING = "testing", "Sending to the first", "ok"
    WAITING = "waiting", "Waiting after the first", "warn"
    DONE = "done", "Sent to the first", "off"


class TextTestState(LabelledEnum):
    """How far the test of a broadcast's two texts is (sending/variants.py)."""

    CHOOSING = "choosing", "Choosing who is in the test", "warn"
    TESTING = "testing", "Sending both texts", "ok"
    MEASURING = "measuring", "Waiting for what comes back", "warn"
    WAITING = "waiting", "Waiting for a user to decide", "warn"
    DECIDED = "decided", "Decided", "off"


class WinsBy(LabelledEnum):
    """By what the better of two texts is told; it is chosen before anything is sent."""

    ANSWERS = "answers", "Most answers"
    OPT_OUTS = "opt_outs", "Fewest opt-outs"


class Variant(LabelledEnum):
    """One of the two texts of a broadcast that tests them."""

    A = "a", "Text A"
    B = "b", "Text B"


class Direction(LabelledEnum):
    """Whether a message came to us or goes out."""

    INBOUND = "inbound", "Received"
    OUTBOUND = "outbound", "Sent"


class Purpose(LabelledEnum):
    """Why an outbound message is sent; each purpose has its own rule."""

    CAMPAIGN = "campaign", "Broadcast"
    ONE_TO_ONE = "one_to_one", "1:1 message"
    REPLY = "reply", "Automatic reply"
    VERIFICATION = "verification", "Confirmation question"
    TEST = "test", "Test message"
    CODE = "code", "Verification code"


class ReplyKind(LabelledEnum):
    """What an automatic reply says; under a suppression only the opt-out confirmation and help may go."""

    CONFIRMATION = "confirmation", "Keyword confirmation"
    QUESTION = "question", "Double opt-in question"
    OPT_OUT = "opt_out", "Opt-out confirmation"
    KEYWORD_ENDED = "keyword_ended", "One keyword ended"
    HELP = "help", "Help"
    HOW_TO_CONFIRM = "how_to_confirm", "How to confirm"


class MessageStatus(LabelledEnum):
    """State of one message; inbound ones are `received`."""

    RECEIVED = "received", "Received", "off"
    QUEUED = "queued", "Waiting", "off"
    CLAIMED = "claimed", "Waiting", "off"
    SENDING = "sending", "Sending", "warn"
    SENT = "sent", "Sent", "off"
    DELIVERED = "delivered", "Delivered", "ok"
    UNDELIVERED = "undelivered", "Not delivered", "bad"
    FAILED = "failed", "Failed", "bad"
    SKIPPED = "skipped", "Skipped", "warn"
    CANCELLED = "cancelled", "Cancelled", "off"
    UNKNOWN = "unknown", "Outcome unknown", "warn"
    NOT_FOUND = "not_found", "Not found at Twilio", "warn"


class Closure(LabelledEnum):
    """Why the sending gate is closed, so that nothing but confirmations of opt-outs is sent."""

    RESTORED = "restored", "The database was restored from a backup", "bad"
    AWAY = "away", "Texts could not be received for a while", "warn"


class ErrorKind(LabelledEnum):
    """What an error code of Twilio asks of us."""

    PERMANENT = "permanent", "Number can't be reached", "bad"
    CONSENT = "consent", "Refused by the recipient", "bad"
    CONFIGURATION = "configuration", "Needs fixing", "bad"
    TRANSIENT = "transient", "May work later", "warn"
    UNCLEAR = "unclear", "Cause unknown", "warn"


class ErrorScope(LabelledEnum):
    """What an error stops: everything, all that goes from one of our senders, or that message alone."""

    ACCOUNT = "account", "the account", "bad"
    SENDER = "sender", "the sender", "bad"
    MESSAGE = "message", "the message", "off"


class Meaning(LabelledEnum):
    """What an inbound text asks for."""

    OPT_OUT = "opt_out", "opt-out"
    OPT_OUT_KEYWORD = "opt_out_keyword", "opt-out of one keyword"
    HELP = "help", "help"
    START = "start", "START"
    YES = "yes", "YES"
    NO = "no", "no"
    KEYWORD = "keyword", "opt-in keyword"
    ORDINARY = "ordinary", "message"


class Per(LabelledEnum):
    """In what time people are promised so many texts at most (consent/promises.py)."""

    DAY = "day", "a day"
    WEEK = "week", "a week"
    MONTH = "month", "a month"


OFTEN, OFTEN_DAYS = 3, 7
"""Who got so many broadcast texts or more in so many days got many: a broadcast may leave them out."""


class Reason(LabelledEnum):
    """Why a message may not be sent now, in the order of the rule (docs/rules.md)."""

    NO_NUMBER = "no_number", "No valid mobile number", "off"
    OPTED_OUT = "opted_out", "Opted out", "bad"
    NUMBER_LOST = "number_lost", "Number not in use", "bad"
    ON_HOLD = "on_hold", "On hold for review", "warn"
    DUPLICATE = "duplicate", "Duplicate number", "off"
    PENDING = "pending", "Waiting for confirmation", "warn"
    NOT_OPTED_IN = "not_opted_in", "Not opted in with the campaign's keyword", "bad"
    NO_OPT_IN = "no_opt_in", "No opt-in", "bad"
    BLOCKED = "blocked", "Blocked at Twilio: they must text START", "bad"
    TOO_LATE = "too_late", "Too late: its time to send had passed", "warn"
    EMPTY_FIELD = "empty_field", "A merge field is empty for them", "off"
    PROMISE_REACHED = "promise", "As many texts as they were promised at most", "warn"
    OFTEN_TEXTED = "often_texted", f"Got {OFTEN} texts in the last {OFTEN_DAYS} days", "off"
    OUTSIDE_HOURS = "outside_hours", "Wait for sending hours", "warn"
    CAP_REACHED = "cap_reached", "Frequency cap reached", "warn"
    TOO_MANY_REPLIES = "reply_cap", "Too many automatic replies within an hour", "warn"
    REPLY_TOO_LATE = "reply_too_late", "Too late for an automatic reply", "off"
    NOT_OWN = "not_own", "Not the user’s own number", "bad"
    NUMBER_CHANGED = "number_changed", "Their number changed", "off"
