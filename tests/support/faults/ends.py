"""The app with its jobs in a process whose main thread ends without a word to the engine: `main`, `exit` or `child`.

It ends once the file `end` is there. A `child` is a process of multiprocessing, as each of the web server's is.
"""

import multiprocessing
import sys
import time
from pathlib import Path

from optin.config import Config
from optin.jobs import engine


def work() -> None:
    """Run the jobs until the file is there."""
    from tests.support.faults.made import app

    config: Config = app.config["OPTIN"]
    engine.launch(app)
    while not Path(config.instance_path, "end").exists():
        time.sleep(0.01)


if __name__ == "__main__":
    how = sys.argv[1]
    if how == "child":
        child = multiprocessing.get_context("spawn").Process(target=work)
        child.start()
        child.join()
    else:
        work()
        if how == "exit":
            sys.exit(0)
