"""What a machine keeps beside the database to sign the log: the key, and the newest checkpoint that it has signed."""

from dataclasses import dataclass, field
from pathlib import Path

from optin import hosts
from optin.config import Config, kept_secret
from optin.consent.proof.checkpoint_file import CheckpointFile
from optin.consent.proof.signed_note import Signer


@dataclass(frozen=True)
class Keeper:
    """The key of the configuration or of a file that only its owner reads, and `consent_log_checkpoint` beside it."""

    host: str
    _folder: Path
    _given: str = field(repr=False)

    @classmethod
    def of(cls, config: Config) -> "Keeper":
        """Return that of a process; the key is made when it is first needed."""
        return cls(hosts.of_url(config.public_url), config.instance_path, config.log_key)

    @property
    def head_file(self) -> Path:
        """Return where the newest checkpoint is kept."""
        return self._folder / "consent_log_checkpoint"

    @property
    def key_file(self) -> Path | None:
        """Return where the key is kept, None where it is given by the configuration."""
        return None if self._given else self._folder / "log_key"

    def signer(self, name: str) -> Signer:
        """Return the key under a name."""
        return Signer(name, self._given or kept_secret(self._folder / "log_key"))

    def has_key_of(self, name: str, verifier_key: str) -> bool:
        """Tell whether the key here is the one that signs under a name."""
        return str(self.signer(name).verifier) == verifier_key

    def head(self) -> str:
        """Return the newest checkpoint signed here, as a note; "" where there is none."""
        return CheckpointFile(self.head_file).note()

    def keep_head(self, note: str) -> None:
        """Keep a checkpoint that stands in the database, unless a larger one of the same origin is kept."""
        CheckpointFile(self.head_file).keep(note)
