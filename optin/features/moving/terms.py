"""The terms of a move, each with the words that people see. Pure."""

from optin.enums import LabelledEnum


class ExportObject(LabelledEnum):
    """What a file of the export has, in the order in which it is read."""

    KEYWORD = "keyword", "Opt-in keywords"
    CONTACT = "contact", "Contacts"
    LEAD = "lead", "Leads"
    OPT_IN = "opt_in", "Opt-ins"
    CAMPAIGN = "campaign", "Campaigns"
    MEMBER = "member", "Campaign members"
    MESSAGE = "message", "Messages"

    @property
    def salesforce(self) -> str:
        """Return what Salesforce calls it."""
        return _SALESFORCE[self]

    @property
    def without(self) -> str:
        """Say what can't be known or done while its file is missing."""
        return _WITHOUT[self]


_SALESFORCE = {
    ExportObject.KEYWORD: "TwilioSF__Opt_In_Keyword__c",
    ExportObject.CONTACT: "Contact",
    ExportObject.LEAD: "Lead",
    ExportObject.OPT_IN: "TwilioSF__Opt_In__c",
    ExportObject.CAMPAIGN: "Campaign",
    ExportObject.MEMBER: "CampaignMember",
    ExportObject.MESSAGE: "TwilioSF__Message__c",
}
_WITHOUT = {
    ExportObject.KEYWORD: "Which keyword an opt-in is for is known only where the file of opt-ins says its name. All "
    "others are left out, and those that are inactive count as opt-outs, since their keyword may be STOP.",
    ExportObject.CONTACT: "Numbers have no names, and contacts don’t become members of campaigns.",
    ExportObject.LEAD: "Numbers have no names, and leads don’t become members of campaigns.",
    ExportObject.OPT_IN: "Nobody is opted in, and who opted out is known from messages alone.",
    ExportObject.CAMPAIGN: "There are no campaigns, and nobody is a member of one.",
    ExportObject.MEMBER: "Campaigns have no members. People with an opt-in can be added to them later.",
    ExportObject.MESSAGE: "Conversations begin empty. Nobody can tell who asked to stop in words that Twilio for "
    "Salesforce does not know, nor whether an opt-in ended by a STOP.",
}


class MoveOutcome(LabelledEnum):
    """What becomes of a row of the export."""

    MOVED = "moved", "Moved", "ok"
    HERE = "here", "Here already", "off"
    CONFLICT = "conflict", "Moved, with something to know", "warn"
    LEFT_OUT = "left_out", "Left out", "bad"


NOTED = (MoveOutcome.CONFLICT, MoveOutcome.LEFT_OUT)
"""Rows of these have a sentence each; those of the others need none."""


class MoveState(LabelledEnum):
    """How far a move is; the values are those of imports, whose files it shares."""

    STORING = "storing", "Storing the files", "off"
    CHECKING = "checking", "Reading", "warn"
    CHECKED = "checked", "Read", "warn"
    RUNNING = "running", "Moving", "ok"
    PAUSED = "paused", "Paused", "warn"
    DONE = "done", "Moved", "ok"
    CANCELLED = "cancelled", "Cancelled", "off"
    EXPIRED = "expired", "Expired", "off"


UNDER_WAY = (MoveState.CHECKING, MoveState.RUNNING)
"""In these states a background task is at it."""
