"""The settings of one process: everything from the environment, with defaults that run."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from optin import hosts, phone
from optin.channels.address import can_send_from
from optin.environment import Environment, sqlite_url
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, SIMULATOR_NUMBERS, SIMULATOR_SERVICE_SID

HTMX_URL = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"
SIMULATOR_PATH = "/simulator/twilio"
SIMULATOR_SENDERS = (*SIMULATOR_NUMBERS, SIMULATOR_SERVICE_SID)
"""One of each kind, the long code first: it is the default."""
SHORTEST_SECRET = 16
DISK_ALARM_MB = 500
"""Megabytes of room below which an admin is warned: weeks of texts, and a backup of a small install."""


class Mode(StrEnum):
    """Where texts go: to the phones of the simulator, or to real people through Twilio."""

    SIMULATOR = "simulator"
    TWILIO = "twilio"

    @property
    def label(self) -> str:
        """Return what it means for people."""
        return "simulator, no text leaves this machine" if self is Mode.SIMULATOR else "Twilio, texts go to real people"


class Workers(StrEnum):
    """Who runs the jobs: the web process itself, or `flask worker` processes beside it."""

    EMBEDDED = "embedded"
    EXTERNAL = "external"


class ConfigError(ValueError):
    """The environment makes no sense; the text says what is wrong, one sentence a line."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one process. Addresses end without a slash; secrets are left out of `repr`."""

    mode: Mode
    instance_path: Path
    port: int
    public_url: str
    allowed_hosts: tuple[str, ...]
    database_url: str = field(repr=False)
    queue_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    log_key: str = field(repr=False)
    checkpoint_file: str
    admin_email: str = field(repr=False)
    admin_password: str = field(repr=False)
    sample_data: bool
    workers: Workers
    htmx_url: str
    htmx_integrity: str
    default_region: str
    twilio_account_sid: str = field(repr=False)
    twilio_auth_token: str = field(repr=False)
    twilio_from: tuple[str, ...] = field(repr=False)
    twilio_api_url: str
    metrics_token: str = field(repr=False)
    disk_alarm_mb: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], instance_path: Path) -> "Config":
        """Read the settings from `environ`, where an empty value counts as absent.

        `instance_path` is the folder for what this machine keeps (database file, secret key); it is made when missing.
        Raises ConfigError with a sentence for everything that is wrong.
        """
        env = Environment(environ)
        mode = env.one_of("OPTIN_MODE", Mode.SIMULATOR)
        port = env.port("PORT", 5000)
        local = f"http://127.0.0.1:{port}"
        account_sid, auth_token = _credentials(env, mode)
        database_url = env.database("OPTIN_DATABASE_URL", sqlite_url(instance_path / "optin.db"), instance_path)
        config = cls(
            mode=mode,
            instance_path=instance_path,
            port=port,
            public_url=env.web_address("OPTIN_PUBLIC_URL", local),
            allowed_hosts=_allowed_hosts(env),
            database_url=database_url,
            queue_url=env.database("OPTIN_QUEUE_URL", database_url, instance_path),
            secret_key=_secret_key(env, instance_path),
            log_key=env.matching("OPTIN_LOG_KEY", r"\S{32,}", "", "at least 32 characters without spaces, or unset"),
            checkpoint_file=env.matching(
                "OPTIN_CHECKPOINT_FILE",
                "/.*[^/]",
                "",
                "the whole path of a file, such as /mnt/elsewhere/checkpoint, or unset",
            ),
            admin_email=env.matching("OPTIN_ADMIN_EMAIL", r"[^@\s]+@[^@\s]+", "", "an email address"),
            admin_password=_admin_password(env),
            sample_data=env.switch("OPTIN_SAMPLE_DATA", default=mode is Mode.SIMULATOR),
            workers=env.one_of("OPTIN_WORKERS", Workers.EMBEDDED),
            htmx_url=env.script_address("OPTIN_HTMX_URL", HTMX_URL),
            htmx_integrity=env.matching(
                "OPTIN_HTMX_INTEGRITY", r"sha(256|384|512)-[A-Za-z0-9+/]+=*", HTMX_INTEGRITY, "a hash like sha384-…"
            ),
            default_region=_region(env),
            twilio_account_sid=account_sid,
            twilio_auth_token=auth_token,
            twilio_from=_senders(env, mode),
            twilio_api_url=env.web_address(
                "TWILIO_API_URL", local + SIMULATOR_PATH if mode is Mode.SIMULATOR else "", loopback=True
            ),
            metrics_token=env.matching(
                "OPTIN_METRICS_TOKEN", r"[!-~]{16,}", "", "at least 16 characters without spaces, or unset"
            ),
            disk_alarm_mb=env.megabytes("OPTIN_DISK_ALARM_MB", DISK_ALARM_MB),
        )
        if env.problems:
            raise ConfigError("\n".join(env.problems))
        return config

    @property
    def is_simulator(self) -> bool:
        """Tell whether texts stay on this machine."""
        return self.mode is Mode.SIMULATOR

    @property
    def local_url(self) -> str:
        """Return the address of the web process on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mounts_simulator(self) -> bool:
        """Tell whether this process serves the simulator itself, rather than uses one that runs alone."""
        return self.is_simulator and self.twilio_api_url == self.local_url + SIMULATOR_PATH

    @property
    def hosts(self) -> frozenset[str]:
        """Return the names that Optin answers to besides those of this machine."""
        return frozenset({hosts.of_url(self.public_url), *self.allowed_hosts})

    @property
    def inbound_webhook(self) -> str:
        """Return the address that Twilio calls with each text."""
        return f"{self.public_url}/webhooks/twilio/sms"


def _credentials(env: Environment, mode: Mode) -> tuple[str, str]:
    """Return account SID and auth token; the simulator has its own and is never mixed with real ones."""
    sid, token = env.text("TWILIO_ACCOUNT_SID"), env.text("TWILIO_AUTH_TOKEN")
    if mode is Mode.SIMULATOR:
        if sid not in ("", SIMULATOR_ACCOUNT_SID) or token not in ("", SIMULATOR_AUTH_TOKEN):
            env.problems.append(
                "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is set, but OPTIN_MODE is simulator: "
                "set OPTIN_MODE=twilio to text real people, or unset the credentials to stay in the simulator."
            )
        return SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN
    if not re.fullmatch("AC[0-9a-zA-Z]{32}", sid):
        env.refuse(
            "TWILIO_ACCOUNT_SID", "AC and 32 letters or digits, from the Twilio Console, when OPTIN_MODE is twilio"
        )
    if not re.fullmatch(r"\S+", token):
        env.refuse("TWILIO_AUTH_TOKEN", "the auth token from the Twilio Console, when OPTIN_MODE is twilio")
    return sid, token


def _senders(env: Environment, mode: Mode) -> tuple[str, ...]:
    """Return the addresses to send from: E.164 numbers, short codes and Messaging Service SIDs."""
    raw = env.text("TWILIO_FROM", ",".join(SIMULATOR_SENDERS) if mode is Mode.SIMULATOR else "")
    senders = tuple(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))
    if not all(can_send_from(sender) for sender in senders):
        env.refuse(
            "TWILIO_FROM", "numbers such as +14155550100, short codes or Messaging Service SIDs, separated by commas"
        )
    return senders


def _allowed_hosts(env: Environment) -> tuple[str, ...]:
    """Return further names that proxies and monitoring ask by."""
    given = [part.strip().strip("[]").lower() for part in env.text("OPTIN_ALLOWED_HOSTS").split(",") if part.strip()]
    if not all(hosts.name(f"[{part}]" if ":" in part else part) == part for part in given):
        env.refuse(
            "OPTIN_ALLOWED_HOSTS", "host names such as optin.internal, without https:// and port, separated by commas"
        )
    return tuple(given)


def _region(env: Environment) -> str:
    """Return the country whose national numbers are understood."""
    region = env.text("OPTIN_DEFAULT_REGION", "US")
    if region not in dict(phone.regions()):
        env.refuse("OPTIN_DEFAULT_REGION", "a country code of two capital letters, such as US")
    return region


def _admin_password(env: Environment) -> str:
    """Return the first admin's password, which makes no sense without an email."""
    password = env.text("OPTIN_ADMIN_PASSWORD")
    if password and not env.text("OPTIN_ADMIN_EMAIL"):
        env.problems.append("OPTIN_ADMIN_PASSWORD is set without OPTIN_ADMIN_EMAIL: set both, or neither.")
    return password


def _secret_key(env: Environment, folder: Path) -> str:
    """Return the key that signs sessions: given, or made once and kept in a file that only its owner reads."""
    given = env.text("OPTIN_SECRET_KEY")
    if given and len(given) < SHORTEST_SECRET:
        env.refuse("OPTIN_SECRET_KEY", f"at least {SHORTEST_SECRET} characters long, or unset")
    return given or kept_secret(folder / "secret_key")


def kept_secret(file: Path) -> str:
    """Return the key in `file`; make it when missing, so that of several processes at once one wins.

    The link appears with its content or not at all: nobody can read half a key.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        handle, name = tempfile.mkstemp(dir=file.parent)  # made with mode 0600
        with os.fdopen(handle, "w") as draft:
            draft.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(name, file)
        os.unlink(name)
    return file.read_text().strip()
