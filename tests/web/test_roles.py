"""Who may ask for what: every address of the app with the least role, as a table. A new address needs a line here."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from optin.enums import Role
from tests.support.clients import Browser

# Public addresses need nobody who is signed in: tests/web/test_routes.py has them.
VIEWERS = """
    GET  /contacts/views
    POST /contacts/views/default
    GET  /leads/views
    POST /leads/views/default
    GET  /
    GET  /account
    POST /account
    POST /account/password
    POST /account/sessions
    POST /account/sessions/<session_id>/end
    POST /account/sessions/everywhere
    GET  /broadcasts/<broadcast_id>
    GET  /broadcasts/<broadcast_id>/countdown
    GET  /broadcasts/<broadcast_id>/left-out/<person_id>/why
    GET  /broadcasts/<broadcast_id>/progress
    GET  /broadcasts/<broadcast_id>/results
    GET  /campaigns
    GET  /campaigns/<campaign_id>
    GET  /campaigns/<campaign_id>/as-of
    GET  /campaigns/<campaign_id>/as-of/count
    GET  /campaigns/<campaign_id>/deliverability
    GET  /campaigns/<campaign_id>/members/<member_id>/why
    GET  /campaigns/file
    POST /checklist
    GET  /contacts
    GET  /contacts/<person_id>
    GET  /contacts/<person_id>/number
    GET  /contacts/<person_id>/thread
    GET  /conversations/<conversation_id>/thread
    GET  /inbox
    GET  /inbox/<conversation_id>
    GET  /inbox/list
    GET  /keywords
    GET  /keywords/<keyword_id>
    GET  /keywords/<keyword_id>/as-of
    GET  /keywords/<keyword_id>/as-of/count
    GET  /keywords/<keyword_id>/code.png
    GET  /keywords/<keyword_id>/code.svg
    GET  /keywords/<keyword_id>/opt-ins
    GET  /keywords/<keyword_id>/poster
    GET  /keywords/<keyword_id>/share
    GET  /keywords/check
    GET  /keywords/file
    GET  /keywords/images/<image_id>
    GET  /leads
    GET  /leads/<person_id>
    GET  /leads/<person_id>/number
    GET  /leads/<person_id>/thread
    GET  /messages/<message_id>/why
    GET  /opt-ins/<opt_in_id>
    GET  /opt-ins/<opt_in_id>/proof
    GET  /numbers/<number>/proof
    GET  /people/<person_id>
    GET  /recurring/<recurring_id>
    GET  /series/<series_id>
    GET  /review
    GET  /review/decided
    GET  /review/opt-outs
    GET  /review/opt-outs/<opt_out_id>
    GET  /sending-check
    GET  /stop-sending
    GET  /search
    GET  /settings
    GET  /settings/consent-log
    GET  /settings/consent-log/checkpoint
    GET  /settings/consent-log/cosigned
    GET  /settings/consent-log/witness.py
    GET  /settings/hours
    GET  /settings/prices
    GET  /settings/states
    GET  /settings/states/<state>
    GET  /settings/opted-out
    GET  /settings/replies
    GET  /settings/short-links
    GET  /settings/sms
    POST /sign-out
    GET  /templates
    GET  /simulator/phones
    GET  /simulator/phones/<slot>/face
    GET  /simulator/phones/faults
    GET  /simulator/phones/new
"""
AGENTS = """
    GET  /contacts/act
    POST /contacts/act
    GET  /contacts/act/count
    GET  /contacts/acts/<task_id>
    GET  /contacts/acts/<task_id>/progress
    POST /contacts/acts/<task_id>/stop
    POST /contacts/views/<view_id>
    POST /contacts/views/<view_id>/deletion
    GET  /contacts/views/<view_id>/edit
    POST /contacts/views/<view_id>/edit
    GET  /contacts/views/new
    POST /contacts/views/new
    GET  /leads/act
    POST /leads/act
    GET  /leads/act/count
    GET  /leads/acts/<task_id>
    GET  /leads/acts/<task_id>/progress
    POST /leads/acts/<task_id>/stop
    POST /leads/views/<view_id>
    POST /leads/views/<view_id>/deletion
    GET  /leads/views/<view_id>/edit
    POST /leads/views/<view_id>/edit
    GET  /leads/views/new
    POST /leads/views/new
    POST /account/number
    POST /account/number/code
    POST /account/number/removal
    GET  /broadcasts/<broadcast_id>/clicks/file
    GET  /broadcasts/<broadcast_id>/copy
    GET  /campaigns/<campaign_id>/broadcasts/new
    GET  /broadcasts/<broadcast_id>/edit
    POST /broadcasts/<broadcast_id>/edit
    POST /broadcasts/<broadcast_id>/not-found
    GET  /broadcasts/<broadcast_id>/not-sent/file
    GET  /broadcasts/<broadcast_id>/recipients/file
    GET  /broadcasts/<broadcast_id>/results/file
    POST /broadcasts/<broadcast_id>/start
    POST /broadcasts/<broadcast_id>/state
    POST /broadcasts/<broadcast_id>/text
    POST /campaigns
    POST /campaigns/<campaign_id>
    POST /campaigns/<campaign_id>/broadcasts
    POST /campaigns/<campaign_id>/broadcasts/draft
    POST /campaigns/<campaign_id>/broadcasts/preview
    POST /campaigns/<campaign_id>/broadcasts/test
    GET  /campaigns/<campaign_id>/additions/<task_id>
    GET  /campaigns/<campaign_id>/additions/<task_id>/progress
    POST /campaigns/<campaign_id>/additions/<task_id>/start
    POST /campaigns/<campaign_id>/additions/<task_id>/stop
    GET  /campaigns/<campaign_id>/as-of/file
    GET  /campaigns/<campaign_id>/edit
    POST /campaigns/<campaign_id>/members
    POST /campaigns/<campaign_id>/members/<member_id>/removal
    GET  /campaigns/<campaign_id>/members/file
    GET  /campaigns/<campaign_id>/members/from-campaign
    POST /campaigns/<campaign_id>/members/from-campaign
    GET  /campaigns/<campaign_id>/members/new
    GET  /campaigns/<campaign_id>/members/numbers
    POST /campaigns/<campaign_id>/members/numbers
    POST /campaigns/<campaign_id>/members/removal
    GET  /campaigns/<campaign_id>/opt-ins
    POST /campaigns/<campaign_id>/opt-ins
    GET  /campaigns/<campaign_id>/opt-ins/<task_id>
    GET  /campaigns/<campaign_id>/opt-ins/<task_id>/progress
    POST /campaigns/<campaign_id>/opt-ins/<task_id>/stop
    GET  /campaigns/new
    GET  /contacts/<person_id>/deletion
    POST /contacts/<person_id>/deletion
    GET  /contacts/<person_id>/edit
    GET  /contacts/<person_id>/merge
    POST /contacts/<person_id>/edit
    POST /contacts/<person_id>/messages
    POST /contacts/<person_id>/messages/segments
    GET  /contacts/file
    GET  /contacts/new
    POST /contacts/new
    POST /conversations/<conversation_id>/assignment
    POST /conversations/<conversation_id>/closure
    POST /conversations/<conversation_id>/messages
    POST /conversations/<conversation_id>/messages/segments
    POST /keywords
    POST /keywords/<keyword_id>
    POST /keywords/<keyword_id>/archive
    POST /keywords/<keyword_id>/deletion
    GET  /duplicates
    POST /duplicates/dismissals
    POST /duplicates/search
    GET  /imports
    GET  /imports/<run_id>
    POST /imports/<run_id>/cancellation
    GET  /imports/<run_id>/columns
    POST /imports/<run_id>/columns
    POST /imports/<run_id>/pause
    GET  /imports/<run_id>/progress
    POST /imports/<run_id>/resumption
    GET  /imports/<run_id>/rows
    GET  /imports/<run_id>/rows/file
    POST /imports/<run_id>/start
    POST /imports/<run_id>/undo
    GET  /imports/new/<kind>
    POST /imports/new/<kind>
    GET  /keywords/<keyword_id>/as-of/file
    POST /recurring/<recurring_id>
    POST /recurring/<recurring_id>/state
    POST /campaigns/<campaign_id>/series
    GET  /campaigns/<campaign_id>/series/new
    POST /campaigns/<campaign_id>/series/preview
    POST /series/<series_id>
    GET  /series/<series_id>/edit
    POST /series/<series_id>/state
    GET  /sending-check/file
    GET  /keywords/<keyword_id>/edit
    GET  /keywords/<keyword_id>/opt-ins/file
    GET  /keywords/<keyword_id>/opt-ins/proofs
    GET  /keywords/new
    POST /leads/<person_id>/conversion
    GET  /leads/<person_id>/deletion
    POST /leads/<person_id>/deletion
    GET  /leads/<person_id>/edit
    GET  /leads/<person_id>/merge
    POST /leads/<person_id>/edit
    POST /leads/<person_id>/messages
    POST /leads/<person_id>/messages/segments
    GET  /leads/file
    GET  /leads/new
    POST /leads/new
    GET  /merges/<merge_id>/undo
    POST /merges/<merge_id>/undo
    POST /opt-ins
    POST /opt-ins/<opt_in_id>/end
    GET  /opt-ins/<opt_in_id>/proof/file
    GET  /opt-ins/<opt_in_id>/proof/pdf
    GET  /numbers/<number>/proof/file
    GET  /numbers/<number>/proof/pdf
    GET  /opt-ins/new
    POST /opt-outs
    GET  /opt-outs/new
    GET  /people/<one_id>/merge/<other_id>
    POST /people/<one_id>/merge/<other_id>
    POST /review/<hold_id>/decision
    POST /review/<hold_id>/withdrawal
    POST /review/opt-outs/<opt_out_id>/correction
    GET  /settings/opted-out/file
    POST /simulator/phones/<slot>/messages
    POST /simulator/phones/faults
    POST /stop-sending
    POST /templates
    GET  /templates/<template_id>
    POST /templates/<template_id>
    POST /templates/<template_id>/deletion
"""
ADMINS = """
    GET  /imports/<run_id>/consent
    GET  /imports/<run_id>/consent/evidence
    POST /imports/<run_id>/consent
    POST /imports/<run_id>/consent/removal
    GET  /settings/audit
    GET  /settings/audit/file
    POST /settings/consent-log/name/left
    POST /settings/consent-log/name/seen
    POST /settings/consent-log/witnesses
    POST /settings/consent-log/witnesses/<witness_id>/asked
    POST /settings/consent-log/witnesses/<witness_id>/removed
    GET  /settings/fields
    POST /settings/fields
    GET  /settings/fields/<field_id>
    POST /settings/fields/<field_id>
    POST /settings/fields/<field_id>/archive
    GET  /settings/fields/<field_id>/deletion
    POST /settings/fields/<field_id>/deletion
    POST /settings/fields/<field_id>/place
    GET  /settings/export
    POST /settings/export
    GET  /settings/export/<run_id>/file
    GET  /settings/export/progress
    POST /settings/export/stop
    POST /settings/hours
    POST /settings/prices
    POST /settings/prices/<price_id>/removed
    POST /settings/prices/fetched
    POST /settings/states
    POST /settings/states/<state>
    POST /settings/states/confirmed
    GET  /settings/move
    POST /settings/move
    GET  /settings/move/<run_id>
    POST /settings/move/<run_id>/cancellation
    POST /settings/move/<run_id>/pause
    GET  /settings/move/<run_id>/progress
    POST /settings/move/<run_id>/resumption
    GET  /settings/move/<run_id>/rows/<which>
    GET  /settings/move/<run_id>/rows/<which>/file
    POST /settings/move/<run_id>/start
    POST /settings/replies
    GET  /settings/replies/words
    POST /settings/short-links
    POST /settings/short-links/check
    POST /settings/sms
    GET  /settings/twilio
    POST /settings/twilio/reconciliation
    POST /settings/twilio/senders
    GET  /settings/twilio/senders/<sender_id>
    POST /settings/twilio/senders/<sender_id>
    POST /settings/twilio/senders/<sender_id>/retired
    POST /settings/twilio/senders/<sender_id>/used
    GET  /settings/users
    POST /settings/users
    GET  /settings/users/<user_id>
    POST /settings/users/<user_id>/disabled
    POST /settings/users/<user_id>/enabled
    POST /settings/users/<user_id>/links
    POST /settings/users/<user_id>/role
    POST /settings/users/<user_id>/sessions
    POST /stop-sending/lift
"""
TABLE = {
    line: role
    for role, text in ((Role.VIEWER, VIEWERS), (Role.AGENT, AGENTS), (Role.ADMIN, ADMINS))
    for line in (" ".join(line.split()) for line in text.strip().splitlines())
}
SENTENCE = "Your role does not allow this. An admin can change your role under Settings › Users."
# Asking for these would end what the test still needs: its session, its user.
NOT_PRESSED = (
    "POST /sign-out",
    "POST /settings/users/<user_id>/disabled",
    "POST /account/sessions",
    "POST /account/sessions/everywhere",
)


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield each line of the table that the app has, with its method and an address that nobody has a record at."""
    public = {name for name, view in app.view_functions.items() if getattr(view, "is_public", False)}
    for rule in app.url_map.iter_rules():
        if rule.endpoint in public or rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            continue
        values = {
            name: 999 if isinstance(converter, IntegerConverter) else "x"
            for name, converter in rule._converters.items()
        }
        built = rule.build(values)
        assert built is not None
        shown = re.sub(r"<(?:[a-z]+(?:\([^)]*\))?:)?(\w+)>", r"<\1>", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {shown}", method, built[1]


def test_the_table_has_every_address_and_no_other(app: Flask) -> None:
    assert {line for line, _, _ in addresses(app)} == set(TABLE)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_what_the_table_says(
    app: Flask, browse_as: Callable[[Role | None], Browser], role: Role
) -> None:
    browser = browse_as(role)
    wrong = []
    for line, method, path in addresses(app):
        if line in NOT_PRESSED and role.covers(TABLE[line]):
            continue
        answer = browser.open(path, method=method, lint=False)
        refused = answer.status_code == 403 and SENTENCE in answer.text
        allowed = answer.status_code not in (401, 403, 500)  # 503: no simulator runs here
        if not (allowed if role.covers(TABLE[line]) else refused):
            wrong.append((line, answer.status_code))
    assert wrong == []
