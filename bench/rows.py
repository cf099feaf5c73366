"""What the large cases are made of: each table's rows as one INSERT ... SELECT over the numbers 1 to `rows`.

Everything is computed from the number `i` of the table `n` (i, at, first, last), so that the same rows come out on both
databases. `{rows}` is how many people there are; `at` runs over the last year, the highest numbers being the newest.
"""

from typing import NamedTuple

FIRST_NAMES = ("Maria", "Noor", "Ines", "Ada", "Jamal", "Olga", "Pedro", "Yuki", "Zoë", "Liam")
SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu")
RARE_NAME, RARE = "Quillfeather", 60
"""So many people have this name, however many there are."""
SMALL_KEYWORDS = 20
LEAST = 160
"""No list is shorter than this: at 1,000 rows as well there are a first page, one in the middle, and a last."""
AREA = 4152000000
NUMBER = f"'+1' || ({AREA} + i * 7919 % {{rows}})"
"""A number of its own for each `i`, in no order."""
WHO = (
    "CASE WHEN i % 100 = 7 THEN NULL "
    f"WHEN i % 100 = 8 THEN '+1' || ({AREA} + (i - 2) * 7919 % {{rows}}) ELSE {NUMBER} END"
)
"""The number that person `i` has: one in a hundred has none, one shares that of somebody else."""
HEX = f"substr('{'0' * 32}' || i, length('' || i) + 1)"
OPT_IN_STATUS = (
    "CASE WHEN i % 100 < 4 THEN 'inactive' WHEN i % 100 = 4 THEN 'pending' WHEN i % 100 = 5 THEN 'expired' "
    "ELSE 'active' END"
)
MESSAGE_STATUS = (
    "CASE WHEN i % 50 = 1 THEN 'failed' WHEN i % 50 = 2 THEN 'undelivered' WHEN i % 50 = 3 THEN 'skipped' "
    "WHEN i % 50 = 4 THEN 'sent' ELSE 'delivered' END"
)
ZONE = "CASE i % 3 WHEN 0 THEN 'America/Los_Angeles' WHEN 1 THEN 'America/New_York' ELSE 'America/Chicago' END"


class Fill(NamedTuple):
    """Rows of one table: an SQL expression for each column that is not empty, and which numbers there are rows for."""

    table: str
    values: dict[str, str]
    where: str


INBOUND = {"channel": "'sms'", "direction": "'inbound'", "status": "'received'", "sender_id": "1", "segments": "1"}
OUTBOUND = {"channel": "'sms'", "direction": "'outbound'", "status": "'delivered'", "sender_id": "1", "segments": "1"}

FILLS = (
    Fill("user", {"id": "i", "email": "'user' || i || '@example.org'", "name": "first || ' ' || last",
        "role": "CASE WHEN i = 1 THEN 'admin' ELSE 'agent' END", "time_zone": "'UTC'",
        "created_at": "at"}, "i <= 60"),
    Fill("sender", {"id": "i", "channel": "'sms'", "address": "'+14155550100'", "kind": "'long_code'",
        "created_at": "at"}, "i = 1"),
    Fill("keyword", {"id": "i", "word": "CASE WHEN i = 1 THEN 'volunteer' ELSE 'keyword' || i END",
        "confirmation": "'Welcome'", "question": "'Reply YES'", "description": "'Number ' || i", "created_at": "at"},
        "i <= {lists}"),
    Fill("keyword_word", {"id": "i", "keyword_id": "i", "is_main": "{true}",
        "word": "CASE WHEN i = 1 THEN 'volunteer' ELSE 'keyword' || i END",
        "normal": "CASE WHEN i = 1 THEN 'volunteer' ELSE 'keyword' || i END"}, "i <= {lists}"),
    Fill("person", {"id": "i", "kind": "CASE WHEN i / 10 % 10 < 7 THEN 'contact' ELSE 'lead' END",
        "first_name": "first", "last_name": "last", "sort_name": "lower(last || ' ' || first)", "mobile": WHO,
        "email": "CASE WHEN i % 5 > 0 THEN lower(last) || '.' || i || '@example.org' ELSE '' END",
        "company": "CASE WHEN i % 3 = 0 THEN 'Company ' || (i % 1000) ELSE '' END", "owner_id": "i % 60 + 1",
        "zones": ZONE, "created_at": "at", "updated_at": "at"}, "i > 0"),
    Fill("own_field", {"id": "i", "key": "'field_' || i", "label": "'Field ' || i", "place": "i", "created_at": "at",
        "kind": "CASE i WHEN 1 THEN 'text' WHEN 2 THEN 'number' ELSE 'choice' END"}, "i <= 3"),
    Fill("own_option", {"id": "i", "field_id": "3", "label": "'Option ' || i"}, "i <= 2"),
    Fill("own_value", {"person_id": "i", "field_id": "i % 3 + 1",
        "text": "CASE i % 3 WHEN 0 THEN 'Text ' || (i % 5000) WHEN 1 THEN '' || (i % 5000) END",
        "folded": "CASE i % 3 WHEN 0 THEN 'text ' || (i % 5000) END", "number": "CASE i % 3 WHEN 1 THEN i % 5000 END",
        "option_id": "CASE i % 3 WHEN 2 THEN i % 2 + 1 END"}, "i > 0"),
    Fill("campaign", {"id": "i", "channel": "'sms'", "name": "'Campaign ' || i",
        "status": "CASE WHEN i % 3 = 0 THEN 'completed' ELSE 'in_progress' END",
        "keyword_id": "CASE WHEN i <= 2 THEN 1 WHEN i % 2 = 0 THEN 2 ELSE 3 END", "owner_id": "1", "created_at": "at",
        "updated_at": "at"}, "i <= {lists}"),
    Fill("campaign_member", {"id": "i", "campaign_id": "1", "person_id": "i", "number": WHO, "zones": ZONE,
        "added_at": "at", "added_by_id": "1", "removed_at": "CASE WHEN i % 100 = 50 THEN at END"}, "i > 0"),
    Fill("campaign_member", {"id": "{rows} + i", "campaign_id": "2", "person_id": "i", "number": WHO, "zones": ZONE,
        "added_at": "at", "added_by_id": "1", "removed_at": "CASE WHEN i % 100 = 48 THEN at END"}, "i % 6 = 0"),
    Fill("conversation", {"id": "i", "channel": "'sms'", "number": NUMBER, "created_at": "at", "last_message_at": "at",
        "preview": "'See you at ' || i || ' then'", "unread": "CASE WHEN i % 10 < 2 THEN 1 ELSE 0 END",
        "version": "2", "sender_id": "1", "assigned_to_id": "CASE WHEN i % 5 = 0 THEN 1 WHEN i % 5 = 1 THEN 2 END",
        "closed_at": "CASE WHEN i % 7 = 3 THEN at END"}, "i > 0"),
    Fill("message", {**INBOUND, "id": "i", "sid": f"'SM' || {HEX}", "conversation_id": "i", "number": NUMBER,
        "body": "'volunteer'", "created_at": "at", "updated_at": "at", "meaning": "'keyword'",
        "effect": "'opted in with volunteer'"}, "i > 0"),
    Fill("message", {**INBOUND, "id": "{rows} + i", "sid": f"'SN' || {HEX}", "conversation_id": "i",
        "number": NUMBER, "body": "'volunteer please ' || i", "created_at": "at", "updated_at": "at",
        "meaning": "'ordinary'", "effect": "'looks like VOLUNTEER'", "near_keyword_id": "1"},
        "i <= {near}"),
    Fill("message", {**OUTBOUND, "id": "2 * {rows} + i", "sid": f"'SO' || {HEX}", "conversation_id": "{rows}",
        "number": f"'+1' || ({AREA} + 0)", "body": "'Line ' || i || ' of a long talk'", "created_at": "at",
        "updated_at": "at", "sent_at": "at", "purpose": "'one_to_one'", "author_id": "1"}, "i <= {long}"),
    Fill("opt_in", {"id": "i", "channel": "'sms'", "number": NUMBER, "keyword_id": "1", "status": OPT_IN_STATUS,
        "source": "'sms'", "text": "'volunteer'", "message_id": "i", "message_sid": f"'SM' || {HEX}",
        "sender_id": "1", "requested_at": "at", "activated_at": "CASE WHEN i % 100 NOT IN (4, 5) THEN at END",
        "expires_at": "CASE WHEN i % 100 = 4 THEN at END", "ended_at": "CASE WHEN i % 100 < 4 THEN at END",
        "end_reason": "CASE WHEN i % 100 < 4 THEN 'opted_out' END"}, "i > 0"),
    Fill("opt_in", {"id": "{rows} + i", "channel": "'sms'", "number": NUMBER,
        "keyword_id": f"2 + i / 10 % {SMALL_KEYWORDS}", "status": "'active'", "source": "'user'", "requested_at": "at",
        "activated_at": "at"}, "i % 10 = 9"),
    Fill("opt_in_person", {"opt_in_id": "i", "person_id": "i", "linked_at": "at"}, "i % 100 NOT IN (7, 8)"),
    Fill("suppression", {"id": "i", "channel": "'sms'", "number": NUMBER, "started_at": "at", "asked_at": "at",
        "message_id": "i"}, "i % 100 < 4"),
    Fill("phrase_opt_out", {"id": "i", "number": NUMBER, "message_id": "i", "phrase": "'volunteer'", "at": "at",
        "reason": "''"}, "i % 100 < 4"),
    Fill("hold", {"id": "i", "channel": "'sms'", "number": NUMBER, "started_at": "at", "message_id": "i",
        "cause": "'sentence'", "trigger": "'volunteer'", "ended_at": "CASE WHEN i > {holds} THEN at END",
        "resolution": "CASE WHEN i > {holds} THEN 'keep' END",
        "resolved_by_id": "CASE WHEN i > {holds} THEN 1 END"}, "i <= 4 * {holds}"),
    Fill("provider_block", {"id": "i", "scope": "'+14155550100'", "number": NUMBER, "cause": "'word'",
        "started_at": "at", "message_id": "i"}, "i % 50 = 1"),
    Fill("broadcast", {"id": "i", "channel": "'sms'", "campaign_id": "1", "keyword_id": "1", "sender_id": "1",
        "body": "'Hello'", "state": "'sent'", "form_key": "'form ' || i", "created_at": "at", "started_at": "at",
        "created_by_id": "1", "finished_at": "at", "keeps_left_out": "{true}"}, "i <= 60"),
    Fill("message", {**OUTBOUND, "id": "3 * {rows} + i", "sid": f"'SB' || {HEX}", "conversation_id": "i",
        "number": NUMBER, "status": MESSAGE_STATUS, "body": "'Hello'", "created_at": "at", "updated_at": "at",
        "purpose": "'campaign'", "broadcast_id": "60", "person_id": "i", "opt_in_id": "i", "decided_at": "at",
        "reason": "CASE WHEN i % 50 = 3 THEN 'opted_out' END",
        "error_code": "CASE WHEN i % 50 IN (1, 2) THEN 30005 END",
        "started_at": "CASE WHEN i % 50 <> 3 THEN at END", "sent_at": "CASE WHEN i % 50 <> 3 THEN at END"}, "i > 0"),
    Fill("broadcast_left_out", {"person_id": "i", "broadcast_id": "59", "number": NUMBER, "asked_at": "at",
        "reason": "CASE WHEN i % 50 = 1 THEN 'opted_out' WHEN i % 50 = 2 THEN 'blocked' ELSE 'not_opted_in' END"},
        "i > 0"),
    Fill("broadcast_left_out", {"person_id": "1", "broadcast_id": "i", "number": NUMBER, "asked_at": "at",
        "reason": "'not_opted_in'"}, "i <= 58"),
    Fill("consent_event", {"id": "i", "channel": "'sms'", "at": "at", "number_ref": f"{HEX} || {HEX}",
        "kind": "'activated'", "source": "'sms'", "keyword_id": "1", "opt_in_id": "i",
        "message_sid": f"'SM' || {HEX}", "payload_hash": f"{HEX} || {HEX}"}, "i > 0"),
    Fill("consent_event", {"id": "{rows} + i", "channel": "'sms'", "at": "at", "number_ref": f"{HEX} || {HEX}",
        "kind": "'opted_out'", "source": "'sms'", "keyword_id": "1", "opt_in_id": "i",
        "payload_hash": f"{HEX} || {HEX}"}, "i % 100 < 4"),
    Fill("consent_payload", {"event_id": "i", "salt": HEX, "number": NUMBER, "text": "'volunteer'"}, "i > 0"),
    Fill("consent_payload", {"event_id": "{rows} + i", "salt": HEX, "number": NUMBER, "text": "'STOP'"},
        "i % 100 < 4"),
    Fill("audit_entry", {"id": "i", "at": "at", "user_id": "i % 60 + 1", "action": "'changed'",
        "subject_kind": "CASE WHEN i % 10 < 8 THEN 'person' ELSE 'setting' END", "subject_id": "i",
        "field": "CASE WHEN i % 10 < 8 THEN 'notes' ELSE 'brand' END", "before": "'\"old\"'", "after": "'\"new\"'"},
        "i > 0"),
)  # fmt: skip


def names(index: int, rows: int) -> tuple[str, str]:
    """Return the first and the last name of person `index`: a hundredth of `rows` bears each of a hundred names."""
    if index % (rows // RARE) == 1 and index // (rows // RARE) < RARE:
        return FIRST_NAMES[index % 7], RARE_NAME
    parts = [SYLLABLES[index // 10**place % 10] for place in range(1, 4)]
    return FIRST_NAMES[index % 10], "".join(parts).capitalize()
