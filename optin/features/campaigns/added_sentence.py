"""What adding members did, in one sentence, whichever way they were added. Pure."""

from optin.campaign_members.adding import Added
from optin.features.campaigns.add_opt_ins import AddOptInsReport
from optin.web.filters import plural


def said(report: Added | AddOptInsReport) -> str:
    """Say what adding did and whom it left out; only + Add Opt-Ins makes leads, or leaves out who has no record."""
    leads, left_unknown = (report.leads, report.left_unknown) if isinstance(report, AddOptInsReport) else (0, 0)
    parts = [f"{plural(report.members, 'member', 'members')} added"]
    if leads:
        parts.append(f"{plural(leads, 'lead', 'leads')} created")
    if report.came_back:
        parts.append(f"{report.came_back:,} of them had been removed earlier")
    if report.left_removed:
        parts.append(f"{report.left_removed:,} left out: removed earlier")
    if left_unknown:
        parts.append(f"{left_unknown:,} left out: no contact or lead")
    if not report.members and report.already:
        parts.append(f"{report.already:,} {'is' if report.already == 1 else 'are'} already in the campaign")
    return ", ".join(parts) + ". Nobody was messaged."
