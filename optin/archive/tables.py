"""What an export of everything holds: each table of the models is named here, or why it is left out."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Column, Table
from sqlalchemy.orm import DeclarativeBase

from optin import models
from optin.consent.events import KEY_SETTING
from optin.database.session import Base
from optin.database.statements import table

EXPORTED: tuple[type[DeclarativeBase], ...] = (
    models.User,
    models.SendingStop,
    models.SavedView,
    models.DefaultView,
    models.Setting,
    models.Sender,
    models.SegmentPrice,
    models.Keyword,
    models.KeywordWord,
    models.DisclosureImage,
    models.Disclosure,
    models.EvidenceFile,
    models.ImportRun,
    models.ImportRow,
    models.Move,
    models.MovedRecord,
    models.Person,
    models.NotDuplicate,
    models.OwnField,
    models.OwnOption,
    models.OwnValue,
    models.Campaign,
    models.CampaignMember,
    models.KeptDraft,
    models.RecurringBroadcast,
    models.Broadcast,
    models.LeftOut,
    models.ShortLink,
    models.ShortLinkClicks,
    models.Conversation,
    models.Message,
    models.CanaryMessage,
    models.VariantMessage,
    models.StatusEvent,
    models.MessageTemplate,
    models.OptIn,
    models.OptInPerson,
    models.Series,
    models.SeriesStep,
    models.SeriesNumber,
    models.Suppression,
    models.PhraseOptOut,
    models.Hold,
    models.ProviderBlock,
    models.NumberLoss,
    models.ConsentEvent,
    models.ConsentPayload,
    models.LogLeaf,
    models.LogNode,
    models.LogOrigin,
    models.LogCheckpoint,
    models.Witness,
    models.LogCosignature,
    models.AuditEntry,
)
LEFT_OUT: Mapping[str, str] = {
    "background_task": "work that is under way belongs to the installation that does it",
    "export_part": "an export holds no other export",
    "export_run": "an export holds no other export",
    "duplicate_group": "the search for duplicates finds them anew",
    "figure": "counts are counted anew",
    "import_key": "it is needed only while a file is being imported",
    "import_part": "files that were imported are kept for a day only",
    "in_force_token": "the database makes it",
    "move_sign": "it is needed only while another system's export is being moved over",
    "person_merge": "a merge can be undone only where it was made; who is part of whom stands with the people",
    "number_code": "it holds codes that were texted to users",
    "person_word": "the database makes it of the people",
    "reconciliation": "what was asked of Twilio is asked anew",
    "sending_finding": "the nightly check finds them anew",
    "sending_gate": "nothing may be sent until Twilio's list has been compared",
    "sending_pace": "what goes from our senders now, goes from the installation that sends",
    "sending_pause": "whether Twilio refuses us is found out anew",
    "sign_in_link": "it holds what lets people in",
    "started_minute": "what goes from our senders now, goes from the installation that sends",
    "try_count": "it counts the tries of the last hours",
    "user_session": "it holds what lets people in",
    "write_check": "it is of this database",
}
SECRETS: Mapping[str, tuple[str, ...]] = {"user": ("password_hash",)}
"""Columns that never leave."""
OF_THIS_DATABASE = ("last_backup_at", "filled_from_export")
"""Settings that say something of one database."""
SECRET_WORDS = ("key", "password", "secret", "token")
"""A setting whose name has one of these is left out, but for the key by which the ledger knows numbers."""


def columns(of: Table) -> list[Column[object]]:
    """List the columns of a table that leave, in their order."""
    return [column for column in of.columns if column.name not in SECRETS.get(of.name, ())]


def is_kept(setting: str) -> bool:
    """Tell whether a setting leaves."""
    is_secret = any(word in setting for word in SECRET_WORDS)
    return setting == KEY_SETTING or not (is_secret or setting in OF_THIS_DATABASE)


@cache
def in_order() -> tuple[Table, ...]:
    """List the tables such that what a row refers to stands before it, as far as that can be."""
    exported = {table(model) for model in EXPORTED}
    return tuple(each for each in Base.metadata.sorted_tables if each in exported)
