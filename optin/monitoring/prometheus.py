"""`/metrics`: the counters of this process, and gauges that are read from the database and so hold for all processes.

Where several web processes share a machine, PROMETHEUS_MULTIPROC_DIR names a folder in which they add up the counters.
"""

import hmac
import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock, hosts
from optin.config import Config
from optin.consent.proof import troubles
from optin.database.session import db
from optin.enums import MessageStatus
from optin.jobs import nightly_check
from optin.models import Hold, Message, SendingGate
from optin.models.index_conditions import has_not_ended, is_queued
from optin.monitoring.health import last_sign_of_a_worker
from optin.receiving import inbound_alarm
from optin.sending import gate, stop_all
from optin.storage import free_space, write_check
from optin.web.access import public
from optin.witnesses import records

TEN_BUSINESS_DAYS = timedelta(days=14)
blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Show all figures as Prometheus text: to who brings the token, or where none is set to this machine only."""
    config: Config = current_app.config["OPTIN"]
    if not _may_read(config.metrics_token):
        abort(403)
    own: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        own = CollectorRegistry()
        MultiProcessCollector(own)  # type: ignore[no-untyped-call]
    shared = CollectorRegistry()
    shared.register(_Room(config))
    shared.register(_FromDatabase(config))
    return Response(generate_latest(own) + generate_latest(shared), content_type=CONTENT_TYPE_LATEST)


def _may_read(token: str) -> bool:
    """Tell whether the asker may: a proxy on this machine passes others' requests on, by our name or with a header."""
    if token:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    return hosts.asked_on_this_machine(request.remote_addr or "", request.headers)


class _Room(Collector):
    """Whether anything can be stored, and how much room is left for it."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Look at the disks, and write what the write check writes."""
        trouble = write_check.checks().trouble(db.engine)
        yield _gauge("optin_database_writable", "1 while something can be stored", trouble is None)
        free = GaugeMetricFamily(
            "optin_disk_free_bytes", "Free disk space for what this machine stores", labels=["what"]
        )
        for space in free_space.measure(self._config):
            free.add_metric([space.what], space.free)
        yield free


class _FromDatabase(Collector):
    """Gauges that are counted when they are asked for."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read them all in one session."""
        session = db.session()
        now = clock.now()
        messages = GaugeMetricFamily(
            "optin_messages", "Messages by direction and status", labels=["direction", "status"]
        )
        rows = session.execute(select(Message.direction, Message.status, func.count()).group_by("direction", "status"))
        counts = {(direction, status): count for direction, status, count in rows}
        for labels, count in sorted(counts.items()):
            messages.add_metric(list(labels), count)
        yield messages
        waiting = counts.get(("outbound", MessageStatus.QUEUED), 0) + counts.get(("outbound", MessageStatus.CLAIMED), 0)
        yield _gauge("optin_outbox_depth", "Messages waiting to be sent", waiting)
        yield _gauge(
            "optin_outbox_oldest_seconds", "Age of the oldest message that could be sent now", _oldest(session, now)
        )
        yield _gauge(
            "optin_unknown", "Messages with an unknown outcome", counts.get(("outbound", MessageStatus.UNKNOWN), 0)
        )
        holds = GaugeMetricFamily("optin_holds", "Numbers on hold for review", labels=["state"])
        is_open = select(func.count()).select_from(Hold).where(has_not_ended(Hold))
        holds.add_metric(["open"], session.scalar(is_open) or 0)
        holds.add_metric(["overdue"], session.scalar(is_open.where(Hold.started_at < now - TEN_BUSINESS_DAYS)) or 0)
        yield holds
        yield from _nightly_check(session, now)
        yield from _consent_log(session, now)
        yield from self._signs_of_life(session, now)

    def _signs_of_life(self, session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
        """Tell how long ago things happened that should happen; NaN for what never did."""
        is_open, is_stopped = session.execute(select(gate.is_open(), stop_all.IS_STOPPED)).one()
        yield _gauge("optin_sending_gate_open", "1 while messages may be sent", is_open)
        yield _gauge("optin_sending_stopped", "1 while a user has stopped all sending", is_stopped)
        beat = session.scalar(select(SendingGate.alive_at))
        yield _gauge("optin_web_heartbeat_age_seconds", "Time since a web process last reported", _since(beat, now))
        ago = last_sign_of_a_worker(self._config)
        yield _gauge(
            "optin_worker_heartbeat_age_seconds",
            "Time since a worker last reported",
            float("nan") if ago is None else ago,
        )
        last = inbound_alarm.last_text_at(session)
        yield _gauge("optin_seconds_since_last_text", "Time since somebody last texted us", _since(last, now))


def _nightly_check(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Tell what the last nightly check came to; NaN before the first."""
    last = nightly_check.state(session)
    never = float("nan")
    yield _gauge(
        "optin_check_age_seconds", "Time since the nightly check ended", _since(last.finished_at if last else None, now)
    )
    yield _gauge(
        "optin_check_messages", "Messages that the nightly check has looked at", last.checked if last else never
    )
    yield _gauge("optin_check_found", "Messages that should not have gone", last.found if last else never)


def _consent_log(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Tell how far the log of consent is behind, and what its witnesses say; NaN for one that has never cosigned."""
    since = troubles.waiting_since(session)
    behind = 0.0 if since is None else (now - since).total_seconds()
    yield _gauge("optin_log_waiting_seconds", "Age of the oldest event that is under no checkpoint", behind)
    states = records.states(session)
    disputed = sum(1 for state in states if state.witness.dispute)
    yield _gauge("optin_log_disputed", "Witnesses that remember another consent log", disputed)
    cosigned = GaugeMetricFamily(
        "optin_log_cosigned_age_seconds", "Time since a witness last cosigned a checkpoint", labels=["witness"]
    )
    for state in states:
        cosigned.add_metric([state.witness.name], _since(state.at, now))
    yield cosigned


def _oldest(session: Session, now: datetime) -> float:
    due = Message.not_before.is_(None) | (Message.not_before <= now)
    oldest = session.scalar(select(func.min(Message.created_at)).where(is_queued(Message), due))
    return 0.0 if oldest is None else (now - oldest).total_seconds()


def _since(moment: datetime | None, now: datetime) -> float:
    return float("nan") if moment is None else (now - moment).total_seconds()


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
