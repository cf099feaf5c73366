"""The app of a process that a fault test starts and kills: configured by the environment, its files in FOLDER."""

import os
from pathlib import Path

from optin import create_app
from optin.config import Config

app = create_app(Config.from_environ(os.environ, Path(os.environ["FOLDER"])))
