"""Read the form with which somebody confirms a broadcast, or the change of one."""

from collections.abc import Mapping

from optin.features.broadcasts.sending import BroadcastOrder
from optin.sending import broadcast_text
from optin.texts import choices, recurrence_form, text_test_form
from optin.texts.send_time import SendTime


def order_of(form: Mapping[str, str], plan: SendTime, user_id: int, sender_id: int | None) -> BroadcastOrder:
    """Return what the form asks to send by the plan that it has; a new broadcast has more (features/broadcasts)."""
    return BroadcastOrder(
        body=broadcast_text.clean(form.get("body", "")),
        sender_id=sender_id,
        form_key="",
        user_id=user_id,
        starts_at=plan.starts_at,
        not_after=plan.not_after,
        spread_over=plan.spread_over,
        choices=choices.of_form(form),
        again=recurrence_form.of_form(form).recurrence(plan),
        test=text_test_form.of_form(form, broadcast_text.clean),
    )
