"""Whether the domain of short links leads to this installation, found out by asking it as anybody would."""

import hmac
import secrets
from collections.abc import Callable

from optin import hosts
from optin.refused import Refused
from optin.short_links.door import CHECK, proof
from optin.witnesses import transport
from optin.witnesses.transport import Answer, NoAnswer

_WAY = "See “Short links” in docs/operations.md."


def check(host: str, secret: str, get: Callable[[str], Answer] = transport.get) -> Refused | None:
    """Ask the domain a question that only this installation can answer; say what is wrong, None for nothing.

    It takes a few seconds at most; no transaction may be open meanwhile.
    """
    question = secrets.token_hex(16)
    try:
        answer = get(f"https://{host}{CHECK}{question}")
    except NoAnswer as error:
        return Refused(f"https://{host} does not lead here. {error} {_WAY}")
    if answer.status == 200 and hmac.compare_digest(answer.text.encode(), proof(secret, host, question).encode()):
        return None
    if answer.status == 400 and answer.text == hosts.REFUSAL:
        return Refused(f"https://{host} leads here, but the proxy in between does not pass its name on. {_WAY}")
    return Refused(f"Something else answers at https://{host} (status {answer.status}). {_WAY}")
