"""The proof of an imported opt-in: what an admin vouched for, of which file, and what its row says."""

import hashlib
import json

from optin.consent.ledger import ImportedOptIn
from optin.features.imports.consent_choice import Agreed, ConsentChoice
from optin.models import ImportRun

SHOWN = 16


def opt_in(run: ImportRun, choice: ConsentChoice, number: str, line: int, agreed: Agreed) -> ImportedOptIn:
    """Return the opt-in that a row makes, with its proof in words and in fields."""
    told = f" They were told: “{agreed.told}”" if agreed.told else ""
    by = f", collected by {agreed.by}" if agreed.by else ""
    shown = f" Shown by {choice.evidence} (SHA-256 {choice.evidence_digest})." if choice.evidence else ""
    words = f"{agreed.way.label}, {choice.day(agreed.at)}{by}.{told} {run.attested_name} vouched for it.{shown}"
    return ImportedOptIn(
        number,
        agreed.at,
        text=f"{words} Row {line:,} of {run.file_name}.",
        detail=f"import {run.id}, row {line}, statement {digest(run)[:SHOWN]}",
        disclosure_id=agreed.disclosure_id,
        evidence={"way": agreed.way.value, "by": agreed.by, "told": agreed.told, "row": line},
    )


def digest(run: ImportRun) -> str:
    """Return the SHA-256 of what was vouched for: the file, what was said of its consent, by whom and when."""
    said = {
        "file": run.digest,
        "consent": run.consent,
        "name": run.attested_name,
        "user": run.attested_by_id,
        "at": run.attested_at.isoformat() if run.attested_at else None,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
