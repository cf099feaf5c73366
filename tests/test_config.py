"""Settings from the environment: what runs by default, and what stops the start."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from optin import create_app
from optin.config import HTMX_INTEGRITY, Config, ConfigError, Mode, Workers
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN

ACCOUNT = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}


def test_an_empty_environment_runs_the_simulator(tmp_path: Path) -> None:
    config = Config.from_environ({}, tmp_path)
    assert (config.mode, config.port, config.public_url) == (Mode.SIMULATOR, 5000, "http://127.0.0.1:5000")
    assert (config.twilio_account_sid, config.twilio_auth_token) == (SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN)
    assert config.twilio_api_url == "http://127.0.0.1:5000/simulator/twilio"
    assert config.twilio_from == ("+14155550100", "+18335550100", "40404", "MGdead51" + "0" * 26)
    assert (config.sample_data, config.workers, config.default_region) == (True, Workers.EMBEDDED, "US")
    assert config.mounts_simulator
    assert make_url(config.database_url).database == str(tmp_path / "optin.db")
    assert config.queue_url == config.database_url


def test_empty_values_count_as_absent(tmp_path: Path) -> None:
    assert Config.from_environ({"OPTIN_MODE": "", "PORT": " ", "OPTIN_SECRET_KEY": ""}, tmp_path).port == 5000


def test_twilio_mode(tmp_path: Path) -> None:
    given = {
        **ACCOUNT,
        "OPTIN_PUBLIC_URL": "https://texts.example.org/",
        "TWILIO_FROM": "+14155550101, 12345,MG" + "0" * 32 + ",+14155550101",
        "OPTIN_DATABASE_URL": "postgres://optin:p%40ss@db.example.org/optin",
        "OPTIN_QUEUE_URL": "sqlite:///queue file.db",
    }
    config = Config.from_environ(given, tmp_path)
    assert config.inbound_webhook == "https://texts.example.org/webhooks/twilio/sms"
    assert config.twilio_from == ("+14155550101", "12345", "MG" + "0" * 32)
    assert (config.twilio_api_url, config.sample_data, config.mounts_simulator) == ("", False, False)
    assert config.database_url == "postgresql+psycopg://optin:p%40ss@db.example.org/optin"
    assert make_url(config.queue_url).database == str(tmp_path / "queue file.db")


def test_a_simulator_that_runs_alone_is_not_mounted(tmp_path: Path) -> None:
    config = Config.from_environ({"TWILIO_API_URL": "http://localhost:5001"}, tmp_path)
    assert (config.twilio_api_url, config.mounts_simulator) == ("http://localhost:5001", False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"OPTIN_MODE": "production"}, "OPTIN_MODE must be 'simulator' or 'twilio'."),
        ({"OPTIN_WORKERS": "many"}, "OPTIN_WORKERS must be"),
        ({"OPTIN_SAMPLE_DATA": "yes"}, "OPTIN_SAMPLE_DATA must be 1 or 0."),
        ({"PORT": "http"}, "PORT must be a whole number from 1 to 65535."),
        ({"PORT": "0"}, "PORT must be"),
        ({"PORT": "65536"}, "PORT must be"),
        ({"PORT": "٥٠٠٠"}, "PORT must be"),
        ({"OPTIN_DATABASE_URL": "mysql://localhost/optin"}, "OPTIN_DATABASE_URL must be"),
        ({"OPTIN_DATABASE_URL": "sqlite://"}, "OPTIN_DATABASE_URL must be"),
        ({"OPTIN_DATABASE_URL": "optin.db"}, "OPTIN_DATABASE_URL must be"),
        ({"OPTIN_DATABASE_URL": "postgresql://host:port/x"}, "OPTIN_DATABASE_URL must be"),
        ({"OPTIN_QUEUE_URL": "redis://localhost"}, "OPTIN_QUEUE_URL must be"),
        ({"OPTIN_SECRET_KEY": "short"}, "OPTIN_SECRET_KEY must be at least 16 characters long"),
        *(
            ({"OPTIN_ALLOWED_HOSTS": value}, "OPTIN_ALLOWED_HOSTS must be host names such as optin.internal")
            for value in (
                "https://a.example",
                "a.example:443",
                "a.example/x",
                "*",
                "a b",
                "a.example.",
                "ok.example,é",
                "@",
            )
        ),
        ({"OPTIN_METRICS_TOKEN": "short"}, "OPTIN_METRICS_TOKEN must be at least 16 characters"),
        ({"OPTIN_PUBLIC_URL": "texts.example.org"}, "OPTIN_PUBLIC_URL must be a web address"),
        ({"OPTIN_PUBLIC_URL": "https://texts.example.org/?a=b"}, "OPTIN_PUBLIC_URL must be a web address"),
        ({"OPTIN_PUBLIC_URL": "https://host:port"}, "OPTIN_PUBLIC_URL must be a web address"),
        ({"OPTIN_ADMIN_EMAIL": "ana"}, "OPTIN_ADMIN_EMAIL must be an email address."),
        ({"OPTIN_ADMIN_PASSWORD": "correct horse"}, "OPTIN_ADMIN_PASSWORD is set without OPTIN_ADMIN_EMAIL"),
        ({"OPTIN_HTMX_URL": "http://example.org/htmx.js"}, "OPTIN_HTMX_URL must be"),
        ({"OPTIN_HTMX_URL": "//example.org/htmx.js"}, "OPTIN_HTMX_URL must be"),
        ({"OPTIN_HTMX_INTEGRITY": "md5-abc"}, "OPTIN_HTMX_INTEGRITY must be"),
        ({"OPTIN_DEFAULT_REGION": "usa"}, "OPTIN_DEFAULT_REGION must be"),
        ({"OPTIN_DEFAULT_REGION": "XX"}, "OPTIN_DEFAULT_REGION must be"),
        ({"TWILIO_FROM": "4155550100x"}, "TWILIO_FROM must be"),
        ({"TWILIO_FROM": "+1 415 555 0100"}, "TWILIO_FROM must be"),
        ({"TWILIO_API_URL": "https://api.twilio.com"}, "TWILIO_API_URL must be an address of this machine"),
        ({"TWILIO_ACCOUNT_SID": "AC" + "0" * 32}, "but OPTIN_MODE is simulator"),
        ({"TWILIO_AUTH_TOKEN": "f" * 32}, "but OPTIN_MODE is simulator"),
        ({"OPTIN_MODE": "twilio"}, "TWILIO_ACCOUNT_SID must be"),
        ({**ACCOUNT, "TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN must be"),
        ({**ACCOUNT, "TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "TWILIO_ACCOUNT_SID must be"),
        ({**ACCOUNT, "TWILIO_API_URL": "http://127.0.0.1.example.org"}, "TWILIO_API_URL must be"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environ(given, tmp_path)
    assert sentence in str(refusal.value)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environ({"PORT": "x", "OPTIN_MODE": "y"}, tmp_path)
    assert len(str(refusal.value).splitlines()) == 2


def test_the_start_stops_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    with pytest.raises(SystemExit, match="PORT must be"):
        create_app()


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    given = {
        **ACCOUNT,
        "OPTIN_DATABASE_URL": "postgresql://optin:hunter2@localhost/optin",
        "TWILIO_FROM": "+14155550101",
    }
    shown = repr(Config.from_environ(given, tmp_path))
    for secret in ("hunter2", "f" * 32, "0a0a", "+14155550101", (tmp_path / "secret_key").read_text()):
        assert secret not in shown


def test_the_secret_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a new folder"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Config.from_environ({}, folder).secret_key, range(24)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 48
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["secret_key"]


def test_htmx_may_come_from_our_own_files(tmp_path: Path) -> None:
    config = Config.from_environ({"OPTIN_HTMX_URL": "/static/vendor/htmx.min.js"}, tmp_path)
    assert (config.htmx_url, config.htmx_integrity) == ("/static/vendor/htmx.min.js", HTMX_INTEGRITY)
