"""The container file and the compose file, as far as they can be tried without an engine.

What the image would hold is copied to an empty folder, and the services' own words are run there, with the services'
own environment, against a real PostgreSQL.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from optin import ROOT
from tests.support.databases import postgresql_copy
from tests.support.faults.processes import free_port
from tests.support.provider import serve_provider

GIVEN = {
    "POSTGRES_PASSWORD": "a-long-password",
    "OPTIN_PUBLIC_URL": "https://texts.example.org",
    "OPTIN_ADMIN_EMAIL": "ana@example.org",
    "OPTIN_ADMIN_PASSWORD": "another long password",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "f" * 32,
    "TWILIO_FROM": "+14155550100",
}
"""What an operator writes into `.env`."""
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def lines() -> list[list[str]]:
    """Return the words of each line of the container file, continued lines joined."""
    text = (ROOT / "Containerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def said(word: str) -> str:
    """Return what the container file says last with this word."""
    return [rest.strip() for found, rest in lines() if found == word][-1]


def compose() -> dict[str, Any]:
    """Return the compose file with the values of `.env` put in."""

    def put_in(found: re.Match[str]) -> str:
        name, how, rest = found.groups()
        assert name in GIVEN or how != "?", f"{name}: {rest}"
        return GIVEN.get(name, rest if how == "-" else "")

    def inside(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: inside(value) for name, value in part.items()}
        if isinstance(part, list):
            return [inside(value) for value in part]
        return VARIABLE.sub(put_in, part) if isinstance(part, str) else part

    whole: dict[str, Any] = inside(yaml.safe_load((ROOT / "compose.yaml").read_text()))
    return whole


def test_each_service_has_what_it_names() -> None:
    whole = compose()
    services = whole["services"]
    assert set(services) == {"web", "worker", "database"}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service["volumes"]:
            assert volume.split(":")[0] in whole["volumes"]
    for name, needed in (("web", "database"), ("worker", "web")):
        assert services[name]["depends_on"][needed]["condition"] == "service_healthy"
    assert "healthcheck" in services["database"]
    assert "/healthz" in re.sub(r"\s+", " ", said("HEALTHCHECK"))
    assert (services["web"]["environment"] == services["worker"]["environment"]) is True
    mounted = services["web"]["volumes"][0].split(":")[1]
    assert mounted == said("VOLUME") == f"{said('WORKDIR')}/instance"


def test_only_this_machine_reaches_the_web_app() -> None:
    assert compose()["services"]["web"]["ports"] == [f"127.0.0.1:5000:{said('EXPOSE')}"]
    assert all("ports" not in service for name, service in compose()["services"].items() if name != "web")
    assert said("USER") == "optin"


@pytest.mark.parametrize("name", sorted({*GIVEN} - {"OPTIN_ADMIN_EMAIL", "OPTIN_ADMIN_PASSWORD", "TWILIO_FROM"}))
def test_what_must_be_given_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(GIVEN, name)
    with pytest.raises(AssertionError, match=rf"{name}: set it in \.env"):
        compose()


def test_the_variables_are_those_of_the_readme() -> None:
    told = set(re.findall(r"`((?:OPTIN|TWILIO)_\w+)`", (ROOT / "README.md").read_text()))
    assert set(compose()["services"]["web"]["environment"]) <= told


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder in which the image's words run, with nothing in it but what the image gets."""
    folder = tmp_path / "the image"
    (folder / "instance").mkdir(parents=True)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for word, rest in lines():
        if word == "COPY":
            source, _to = rest.split()
            assert f"!{source}" in allowed
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / source)
    return folder


@pytest.mark.slow
def test_web_and_worker_run_from_what_the_image_holds(shared_folder: Path, image: Path) -> None:
    services = compose()["services"]
    before = files(image)
    port = str(free_port())
    with serve_provider() as twilio, postgresql_copy(shared_folder) as database:
        environ = services["web"]["environment"] | {
            "OPTIN_DATABASE_URL": database,
            "TWILIO_API_URL": twilio.url,
            "PORT": port,
            **dict(re.findall(r"(\w+)=(\S+)", said("ENV"))),
        }
        with run(json.loads(said("CMD")), image, environ, "Ctrl-C") as web:
            assert ready(port)["worker"] != "ok"
            with run(services["worker"]["command"], image, environ, "worker is running") as worker:
                until(lambda: ready(port)["worker"] == "ok")
                ended(worker)
            ended(web)
    assert files(image) == before, "the image's own files are read-only"


@contextmanager
def run(words: list[str], folder: Path, environ: dict[str, str], ready_when: str) -> Iterator[subprocess.Popen[str]]:
    """Run a service's words until the block ends, from the moment when it has printed `ready_when`."""
    command = [sys.executable, *words[1:]]
    assert words[0] == "python", shlex.join(words)
    given = {"PATH": os.environ["PATH"], **{name: value for name, value in environ.items() if value}}
    process = subprocess.Popen(
        command, cwd=folder, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if ready_when in line:
                break
        else:
            raise AssertionError(printed)
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> None:
    """Stop a service as the engine does, and see that it ends well."""
    process.send_signal(getattr(signal, said("STOPSIGNAL")))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output


def ready(port: str) -> dict[str, str]:
    """Return what /readyz says."""
    connection = HTTPConnection("127.0.0.1", int(port), timeout=10)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    found: dict[str, str] = json.loads(answer.read())
    assert answer.status == 200, found
    return found


def until(true: Callable[[], bool]) -> None:
    """Wait until it is true, for at most a minute."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def files(folder: Path) -> set[Path]:
    """Return the files that do not belong to the instance."""
    return {file for file in folder.rglob("*") if file.is_file() and "instance" not in file.parts}
