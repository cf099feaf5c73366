"""Twilio's refusals: codes, HTTP statuses and texts (Twilio error dictionary, docs/api/errors)."""

from dataclasses import dataclass

from flask import Response, jsonify

_TEXTS: dict[int, str] = {
    20001: "Invalid parameter: {value}",
    20003: "Authenticate",
    20004: "Method not allowed",
    20429: "Too Many Requests",
    20503: "Service unavailable",
    20006: "Access Denied",
    20404: "The requested resource {value} was not found",
    20500: "An internal server error has occurred",
    21211: "Invalid 'To' Phone Number: {value}",
    21212: "Invalid From Number (caller ID): {value}",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {value}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided ({value}) is not a valid message-capable Twilio phone number.",
    21609: "The 'StatusCallback' URL {value} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "The 'From' number {value} has exceeded the maximum number of queued messages.",
    21612: "Message cannot be sent with the current combination of 'To' ({value}) and 'From' parameters",
    21614: "'To' number {value} is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21624: "The ValidityPeriod {value} is not between 1 and 36000 seconds.",
    21701: "The Messaging Service {value} does not exist.",
    21704: "The Messaging Service {value} contains no phone numbers.",
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30017: "Carrier network congestion",
    30022: "US A2P 10DLC - Rate limits exceeded",
    30034: "US A2P 10DLC - Message from an unregistered number",
    30036: "Validity period expired",
    30400: "Parameters are not valid: {value}",
    30409: "This message cannot be canceled",
    35111: "SendAt timestamp is missing",
    35114: "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive",
    35118: "MessagingServiceSid is required to schedule a message",
}
_STATUSES: dict[int, int] = {
    20003: 401, 20006: 403, 20004: 405, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 30409: 409
}  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why a request is not carried out: Twilio's error code and the value at fault."""

    code: int
    value: str = ""

    @property
    def status(self) -> int:
        """HTTP status that goes with the code; most are 400."""
        return _STATUSES.get(self.code, 400)


def text(code: int, value: str = "") -> str:
    """Return Twilio's words for an error code, with the value at fault put in."""
    return _TEXTS[code].format(value=value)


def answer(refusal: Refusal) -> Response:
    """Make the JSON answer {code, message, more_info, status} that Twilio gives (TwilioRestException reads it)."""
    code = refusal.code
    response = jsonify(
        code=code,
        message=text(code, refusal.value),
        more_info=f"https://www.twilio.com/docs/errors/{code}",
        status=refusal.status,
    )
    response.status_code = refusal.status
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response
