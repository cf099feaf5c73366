"""All tables; import models from here."""

from optin.models.campaign import Broadcast, Campaign, CampaignMember, KeptDraft, LeftOut
from optin.models.consent import Hold, NumberLoss, OptIn, OptInPerson, PhraseOptOut, ProviderBlock, Suppression
from optin.models.consent_log import LogCheckpoint, LogCosignature, LogLeaf, LogNode, LogOrigin, Witness
from optin.models.duplicates import DuplicateGroup, NotDuplicate
from optin.models.evidence import DisclosureImage, EvidenceFile
from optin.models.export import ExportPart, ExportRun
from optin.models.figure import Figure
from optin.models.imports import ImportKey, ImportPart, ImportRow, ImportRun
from optin.models.keyword import Disclosure, Keyword, KeywordWord
from optin.models.ledger import ConsentEvent, ConsentPayload
from optin.models.message import CanaryMessage, Conversation, Message, StatusEvent, VariantMessage
from optin.models.moving import Move, MovedRecord, MoveSign
from optin.models.operations import (
    BackgroundTask,
    Reconciliation,
    SendingGate,
    SendingPace,
    SendingPause,
    SendingStop,
    StartedMinute,
    WriteCheck,
)
from optin.models.own_field import OwnField, OwnOption, OwnValue
from optin.models.person import Person
from optin.models.person_merge import PersonMerge
from optin.models.person_word import PersonWord
from optin.models.price import SegmentPrice
from optin.models.recurring import RecurringBroadcast
from optin.models.saved_view import DefaultView, SavedView
from optin.models.sender import Sender
from optin.models.sending_finding import SendingFinding
from optin.models.series import Series, SeriesNumber, SeriesStep
from optin.models.setting import CacheToken, Setting
from optin.models.short_link import ShortLink, ShortLinkClicks
from optin.models.template import MessageTemplate
from optin.models.try_count import TryCount
from optin.models.user import AuditEntry, NumberCode, SignInLink, User
from optin.models.user_session import UserSession

__all__ = [
    "AuditEntry",
    "BackgroundTask",
    "Broadcast",
    "CacheToken",
    "Campaign",
    "CampaignMember",
    "CanaryMessage",
    "ConsentEvent",
    "ConsentPayload",
    "Conversation",
    "DefaultView",
    "Disclosure",
    "DisclosureImage",
    "DuplicateGroup",
    "EvidenceFile",
    "ExportPart",
    "ExportRun",
    "Figure",
    "Hold",
    "ImportKey",
    "ImportPart",
    "ImportRow",
    "ImportRun",
    "KeptDraft",
    "Keyword",
    "KeywordWord",
    "LeftOut",
    "LogCheckpoint",
    "LogCosignature",
    "LogLeaf",
    "LogNode",
    "LogOrigin",
    "Message",
    "MessageTemplate",
    "Move",
    "MoveSign",
    "MovedRecord",
    "NotDuplicate",
    "NumberCode",
    "NumberLoss",
    "OptIn",
    "OptInPerson",
    "OwnField",
    "OwnOption",
    "OwnValue",
    "Person",
    "PersonMerge",
    "PersonWord",
    "PhraseOptOut",
    "ProviderBlock",
    "Reconciliation",
    "RecurringBroadcast",
    "SavedView",
    "SegmentPrice",
    "Sender",
    "SendingFinding",
    "SendingGate",
    "SendingPace",
    "SendingPause",
    "SendingStop",
    "Series",
    "SeriesNumber",
    "SeriesStep",
    "Setting",
    "ShortLink",
    "ShortLinkClicks",
    "SignInLink",
    "StartedMinute",
    "StatusEvent",
    "Suppression",
    "TryCount",
    "User",
    "UserSession",
    "VariantMessage",
    "Witness",
    "WriteCheck",
]
