"""The forms of a campaign and of its members."""

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from optin.enums import CampaignStatus
from optin.models import Campaign, Keyword, User
from optin.web.fields import Line, Text

NO_KEYWORD = SelectChoice("", "No keyword")
NO_OWNER = SelectChoice("", "No owner")


class CampaignForm(FlaskForm):  # type: ignore[misc]
    """A new or an existing campaign."""

    name = Line("Name", [DataRequired("Enter a name."), Length(max=120, message="Use at most 120 characters.")])
    keyword = SelectField("Opt-in keyword", validate_choice=True)
    description = Text("Description", [Length(max=4000, message="Use at most 4,000 characters.")])
    status = SelectField("Status", choices=[SelectChoice(str(status), status.label) for status in CampaignStatus])
    owner = SelectField("Owner")

    @property
    def keyword_id(self) -> int | None:
        return int(self.keyword.data) if self.keyword.data else None

    @property
    def owner_id(self) -> int | None:
        return int(self.owner.data) if self.owner.data else None


def campaign_form(
    keywords: list[Keyword], owners: list[User], campaign: Campaign | None = None, keyword: str = ""
) -> CampaignForm:
    """Make the form, as sent or with what a campaign has; `keyword` is the id that a new one begins with, as text."""
    if campaign is None:
        given = {"keyword": keyword, "status": str(CampaignStatus.PLANNED), "owner": str(current_user.id)}
    else:
        given = {
            "name": campaign.name,
            "keyword": str(campaign.keyword_id or ""),
            "description": campaign.description,
            "status": campaign.status,
            "owner": str(campaign.owner_id or ""),
        }
    form = CampaignForm(data=given)
    form.keyword.choices = [NO_KEYWORD, *(SelectChoice(str(found.id), found.word) for found in keywords)]
    form.owner.choices = [NO_OWNER, *(SelectChoice(str(user.id), user.name) for user in owners)]
    return form


class AddOptInsForm(FlaskForm):  # type: ignore[misc]
    """What + Add Opt-Ins is to do besides the plain case."""

    create_leads = BooleanField("Create leads for unknown numbers", default=True)
    include_removed = BooleanField("Include people who were removed earlier by hand")
