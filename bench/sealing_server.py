"""The app's server with a thread that seals the log every five seconds, as long as a file says so: jobs in process."""

import os
import threading
import time
from pathlib import Path

from optin import clock
from optin.consent.proof import checkpoints, sealing
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.wsgi import app

EVERY = 5


def _seal_now_and_then() -> None:
    seals, keeper = Path(os.environ["BENCH_SEALS"]), Keeper.of(app.config["OPTIN"])
    with app.app_context():
        while True:
            time.sleep(EVERY)
            if seals.exists():
                sealing.seal(db.engine)
                checkpoints.sign(db.engine, keeper, clock.now())


threading.Thread(target=_seal_now_and_then, daemon=True).start()
