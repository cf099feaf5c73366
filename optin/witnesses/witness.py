#!/usr/bin/env python3
"""A witness of consent logs: it cosigns what a log says of itself, as long as the log does nothing but grow.

One file for Python 3.9 or newer with the package `cryptography`, on Linux or macOS. It speaks c2sp.org/tlog-witness.

    python3 witness.py key NAME          make the key, once, and print the verifier key for the log's admins
    python3 witness.py add-origin VKEY   take on a log, by the verifier key that its admins give you
    python3 witness.py serve             answer on 127.0.0.1:8089, behind a web server that has the certificate

NAME is an address of yours, such as witness.example.org/1. Key and state stand in the folder that --folder names.
Never put back an older state from a backup: what this witness has seen is all that it is for.
"""

import argparse
import base64
import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST = 65536
EMPTY = base64.b64encode(hashlib.sha256(b"").digest()).decode()
LOG, COSIGNER = b"\x01", b"\x04"
PLAIN, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


def public_of(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """Return the four bytes by which a signature names its key (c2sp.org/signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def verifier_key(name: str, kind: bytes, public: bytes) -> str:
    """Return a public key with its name, as it is given to others."""
    return f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(kind + public).decode()}"


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Tell whether the proof shows that a tree began with another (RFC 9162, 2.1.4.2)."""
    if not 0 < old < size:
        return not proof and (old == 0 or old_root == root)
    path = proof if old & (old - 1) else [old_root, *proof]
    own, last = old - 1, size - 1
    while own & 1:
        own, last = own >> 1, last >> 1
    before = after = path[0] if path else b""
    for each in path[1:]:
        if not last:
            return False
        if own & 1 or own == last:
            before = hashlib.sha256(b"\1" + each + before).digest()
            after = hashlib.sha256(b"\1" + each + after).digest()
            while own and not own & 1:
                own, last = own >> 1, last >> 1
        else:
            after = hashlib.sha256(b"\1" + after + each).digest()
        own, last = own >> 1, last >> 1
    return not last and before == old_root and after == root


def number(text: str) -> int:
    """Return a size as it must be written. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and str(int(text)) == text):
        raise ValueError("a size is written in digits")
    return int(text)


class Witness:
    """The key and, of each log, its verifier keys and the size and root that were cosigned last."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._key, self._state = folder, folder / "key", folder / "state.json"

    def make_key(self, name: str) -> None:
        """Make key and state, unless they are there."""
        if not name or "+" in name or name.split() != [name]:
            sys.exit("A name has no spaces and no plus.")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            if not self._key.exists():
                self._write(self._state, "{}")
                self._write(self._key, f"{name}\n{os.urandom(32).hex()}\n")

    def key(self) -> tuple[str, Ed25519PrivateKey]:
        """Return the key and its name."""
        if not (self._key.exists() and self._state.exists()):
            sys.exit(f"There is no key and state in {self.folder}. Make them with: witness.py key NAME")
        name, seed = self._key.read_text().split()
        return name, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))

    def verifier_key(self) -> str:
        """Return what the log's admins need to know this witness."""
        name, key = self.key()
        return verifier_key(name, COSIGNER, public_of(key))

    def add_origin(self, given: str) -> None:
        """Take on a log by its verifier key, or another key of it."""
        self.key()
        name, _, rest = given.partition("+")
        raw = base64.b64decode(rest.partition("+")[2], validate=True)
        if not name or raw[:1] != LOG or len(raw) != 33 or verifier_key(name, LOG, raw[1:]) != given:
            raise ValueError("this is no verifier key of a log")
        with self._locked():
            state = json.loads(self._state.read_text())
            log = state.setdefault(name, {"keys": [], "size": 0, "root": EMPTY})
            log["keys"] = [*dict.fromkeys([*log["keys"], given])]
            self._write(self._state, json.dumps(state, indent=1))

    def add_checkpoint(self, body: bytes) -> tuple[int, str, str]:
        """Cosign a checkpoint if all is right with it; return status, kind and content of the answer."""
        try:
            head, _, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            text, _, signatures = note.rpartition("\n\n")
            origin, size, root = text.split("\n")[:3]
            proof = [base64.b64decode(line, validate=True) for line in lines]
            old, new, top = number(first[4:]), number(size), base64.b64decode(root, validate=True)
            if first[:4] != "old " or {len(each) for each in [top, *proof]} != {32} or len(proof) > 63:
                raise ValueError("this is not what is asked here")
        except ValueError:
            return 400, PLAIN, "This is no request to add a checkpoint.\n"
        log = json.loads(self._state.read_text()).get(origin)
        if log is None:
            return 404, PLAIN, "This log is not known here.\n"
        message = f"{text}\n".encode()
        if not any(signs(key, message, signatures) for key in log["keys"]):
            return 403, PLAIN, "No key of this log has signed it.\n"
        if old > new:
            return 400, PLAIN, "The old size is larger than the checkpoint.\n"
        with self._locked():
            state: dict[str, Any] = json.loads(self._state.read_text())
            log = state[origin]
            if log["size"] != old or (old == new and log["root"] != root):
                return 409, SIZE, f"{log['size']}\n"
            if not is_consistent(old, base64.b64decode(log["root"]), new, top, proof):
                return 422, PLAIN, "The proof does not show that the log has only grown.\n"
            log["size"], log["root"] = new, root
            self._write(self._state, json.dumps(state, indent=1))
            return 200, PLAIN, self._cosigned(message)

    def _cosigned(self, message: bytes) -> str:
        (name, key), now = self.key(), int(time.time())
        signature = key.sign(f"cosignature/v1\ntime {now}\n".encode() + message)
        raw = key_id(name, COSIGNER, public_of(key)) + now.to_bytes(8, "big") + signature
        return f"\u2014 {name} {base64.b64encode(raw).decode()}\n"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep out all other threads and processes."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, file: Path, text: str) -> None:
        """Write a file that has all of the text, also after a power cut, or is as it was."""
        draft = file.with_suffix(".draft")  # one at a time: it is locked
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(handle)
        os.replace(draft, file)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def signs(given: str, message: bytes, signatures: str) -> bool:
    """Tell whether one of the signature lines is that of a log's key."""
    name, _, rest = given.partition("+")
    public = base64.b64decode(rest.partition("+")[2])[1:]
    for line in signatures.split("\n"):
        with suppress(ValueError, InvalidSignature):
            raw = base64.b64decode(line.rpartition(" ")[2], validate=True)
            if line.startswith(f"\u2014 {name} ") and raw[:4] == key_id(name, LOG, public):
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], message)
                return True
    return False


class Handler(BaseHTTPRequestHandler):
    """Answers the one request that there is."""

    protocol_version, timeout, witness = "HTTP/1.1", 15, Witness(Path())

    def do_POST(self) -> None:
        """Add a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if self.path.split("/")[-1] != "add-checkpoint":
            return self._answer(404, PLAIN, "Ask for add-checkpoint.\n", last=True)
        if not (length.isascii() and length.isdigit() and int(length) <= LONGEST):
            return self._answer(413, PLAIN, "That is too long, or of unknown length.\n", last=True)
        return self._answer(*self.witness.add_checkpoint(self.rfile.read(int(length))))

    def _answer(self, status: int, kind: str, text: str, *, last: bool = False) -> None:
        content, self.close_connection = text.encode(), self.close_connection or last
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="A witness of consent logs (c2sp.org/tlog-witness)")
    parser.add_argument("--folder", type=Path, default=Path("witness"), help="where key and state stand")
    commands = parser.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make the key, once, and print the verifier key")
    key.add_argument("name", help="an address of yours, such as witness.example.org/1")
    commands.add_parser("add-origin", help="take on a log").add_argument("vkey", help="the log's verifier key")
    serve = commands.add_parser("serve", help="answer requests")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8089)
    given = parser.parse_args()
    witness = Witness(given.folder)
    if given.command == "key":
        witness.make_key(given.name)
    elif given.command == "add-origin":
        witness.add_origin(given.vkey)
    print(witness.verifier_key(), flush=True)
    if given.command == "serve":
        Handler.witness = witness
        ThreadingHTTPServer((given.host, given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
