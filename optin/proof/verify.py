#!/usr/bin/env python3
"""Checks a proof from Optin: are its events in the signed consent log, as they were written? Needs Python 3.9 alone.

    python3 verify.py                               the folder in which this file stands
    python3 verify.py proof.zip                     a ZIP as it came, or several, or a folder of them
    python3 verify.py proof.zip --key KEY           with the log's verifier key, which you were given elsewhere
    python3 verify.py proof.zip --witness KEY       with the key of a witness who signed the checkpoint as well
    python3 verify.py proof.zip --checkpoint FILE   with a checkpoint of the log that somebody kept

It says what it found in sentences, and ends with 0 if everything holds, else with 1.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE_X, BASE_Y = 15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, P) % P
ED25519, COSIGNATURE, DASH = b"\x01", b"\x04", "\u2014 "
FORMAT, JSON, CHECKPOINT, CONTENTS = "optin proof 1", "proof.json", "checkpoint.txt", "contents.txt"
UNREADABLE = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
UNOPENED = (EOFError, NotImplementedError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
HOLDS = "It holds: each event is in the signed log, as it was written."
LIMITS = """
What this can't show: who held the phone; what Optin never heard of; what the messages that went out said and what
people were shown, which is as Optin's database had it when the proof was made. Whoever has the log's key could sign
another log: only a key and a checkpoint that you have from elsewhere exclude that.
"""

Point = tuple[int, int, int, int]
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


class Broken(Exception):
    """Something is not as it was made; the text says what."""


# Ed25519 (RFC 8032, 5.1). A point is (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z.


def point(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, one: Point) -> Point:
    total = (0, 1, 1, 0)
    while factor:
        total = add(total, one) if factor & 1 else total
        one, factor = add(one, one), factor >> 1
    return total


def has_signed(key: bytes, signature: bytes, text: bytes) -> bool:
    """Tell whether the key (32 bytes) made the signature (64 bytes) of the text."""
    public, s = point(key), int.from_bytes(signature[32:], "little")
    if public is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(k, (P - public[0], public[1], 1, P - public[3])))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# The Merkle tree of RFC 6962, 2.1. A proof that is too short or too long raises ValueError.


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_over(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """Return the root to which a proof leads from the hash of a leaf."""
    if size == 1:
        () = proof
        return leaf
    *rest, last = proof
    middle = 1 << (size - 1).bit_length() - 1
    if index < middle:
        return node(root_over(leaf, index, middle, rest), last)
    return node(last, root_over(leaf, index - middle, size - middle, rest))


def grown(old: int, size: int, proof: list[bytes], old_root: bytes | None) -> tuple[bytes, bytes]:
    """Return the roots of the old and of the new tree by a proof of consistency."""
    if old == size:
        if old_root is None:
            (old_root,) = proof
        else:
            () = proof
        return old_root, old_root
    *rest, last = proof
    middle = 1 << (size - 1).bit_length() - 1
    if old <= middle:
        before, after = grown(old, middle, rest, old_root)
        return before, node(after, last)
    before, after = grown(old - middle, size - middle, rest, None)
    return node(last, before), node(last, after)


# Signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).


def unbase64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def key_id(name: str, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]


def read_key(text: str, kind: bytes = ED25519) -> tuple[str, bytes]:
    """Return name and key (kind and 32 bytes) of a verifier key."""
    try:
        name, said, key = text.strip().split("+", 2)
        raw = unbase64(key)
    except UNREADABLE:
        raise Broken(f"The verifier key can't be read: {shown(text)}.") from None
    if raw[:1] != kind or len(raw) != 33 or key_id(name, raw).hex() != said:
        raise Broken(f"The verifier key has been changed, or is of another kind: {shown(text)}.")
    return name, raw


def read_note(data: bytes, called: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note and its signatures: pairs of name and bytes."""
    try:
        text, rest = data.decode().rsplit("\n\n", 1)
        *lines, end = rest.split("\n")
        pairs = [line.partition(DASH)[2].split(" ") for line in lines if line.startswith(DASH)]
        signatures = [(name, unbase64(signature)) for name, signature in pairs]
    except UNREADABLE:
        raise Broken(f"{called} can't be read as a signed note any more.") from None
    if end or len(signatures) != len(lines):
        raise Broken(f"{called} has been changed: lines are there that are no signatures.")
    return text + "\n", signatures


def signed_by(data: bytes, called: str, name: str, key: bytes, *, cosigned: bool = False) -> tuple[str, int]:
    """Return the text of a note that the key signed, and when a witness did."""
    text, signatures = read_note(data, called)
    for signer, raw in signatures:
        if signer == name and raw[:4] == key_id(name, key):
            time = int.from_bytes(raw[4:12], "big") if cosigned else 0
            said = f"cosignature/v1\ntime {time}\n{text}" if cosigned else text
            if has_signed(key[1:], raw[12 if cosigned else 4 :], said.encode()):
                return text, time
            raise Broken(f"{called} has been changed: it is not what {name} signed.")
    raise Broken(f"{called} has not been signed with the key of {name}.")


def read_checkpoint(text: str, called: str) -> tuple[str, int, bytes]:
    """Return origin, size and root."""
    lines = text.split("\n")
    if len(lines) < 4 or not re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]):
        raise Broken(f"{called} says no origin, size and root.")
    return lines[0], int(lines[1]), unbase64(lines[2])


# The proof.


def files_of(place: str) -> dict[str, bytes]:
    """Return the files of a folder or ZIP by their names."""
    if not os.path.isdir(place):
        with zipfile.ZipFile(place) as opened:
            names = opened.namelist()
            for name in names:
                if names.count(name) > 1:
                    raise Broken(f"{name} is in the ZIP twice.")
            return {name: opened.read(name) for name in names if not name.endswith("/")}
    found = {}
    for folder, folders, names in os.walk(place):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in names:
            if not name.startswith("."):
                path = os.path.join(folder, name)
                with open(path, "rb") as opened:
                    found[os.path.relpath(path, place).replace(os.sep, "/")] = opened.read()
    return found


def check_contents(files: dict[str, bytes], signer: str, key: bytes, ids: list[int]) -> Iterator[str]:
    """Yield which events and files are not those that Optin signed in contents.txt."""
    signed, events = {}, []
    for line in signed_by(files[CONTENTS], CONTENTS, signer + "/proof", key)[0].split("\n"):
        kind, _, rest = line.partition(" ")
        if kind == "events":
            events = [int(each) for each in rest.split()]
        elif kind == "sha256":
            signed[rest[65:]] = rest[:64]
    yield from (f"Event {each} has been removed from the proof." for each in events if each not in ids)
    yield from (f"Event {each} has been inserted into the proof." for each in ids if each not in events)
    for name in sorted(set(files) | set(signed) - {CONTENTS}):
        if name not in files:
            yield f"{name} has been removed."
        elif name not in signed and name != CONTENTS:
            yield f"{name} has been inserted: it was no part of the proof."
        elif name in signed and hashlib.sha256(files[name]).hexdigest() != signed[name]:
            yield f"{name} has been changed since the proof was made."


def check_event(event: Any, said: Any, before: tuple[int, int], size: int, root: bytes) -> tuple[int, int]:
    """Check that an event is in the log, after the one before it, and that its personal part is what it was."""
    named, index, payload = f"Event {said['id']}", event["index"], event["payload"]
    if index is None:
        raise Broken(f"{named} was not sealed yet when the proof was made. Ask for a new proof.")
    if not before[0] < index < size or said["id"] <= before[1]:
        raise Broken(f"{named} is out of its place, or is there twice.")
    leaf = hashlib.sha256(b"\x00" + event["leaf"].encode("utf-8", "surrogatepass")).digest()
    try:
        fits = root_over(leaf, index, size, [unbase64(each) for each in event["inclusion"]]) == root
    except UNREADABLE:
        fits = False
    if not fits:
        raise Broken(f"{named} or its proof has been changed: it does not lead to the root of the log.")
    if payload is not None:
        parts = json.dumps(
            [payload[each] for each in ("salt", "number", "text")], ensure_ascii=False, separators=(",", ":")
        )
        if hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest() != said["payload_hash"]:
            raise Broken(f"The personal part of event {said['id']} has been changed.")
    return index, said["id"]


def told(said: Any, payload: Any, keywords: Any) -> str:
    """Say what an event says."""
    words = [said["kind"].replace("_", " "), "by " + said["source"]]
    if "keyword_id" in said:
        words.insert(1, "with the keyword " + shown(keywords.get(str(said["keyword_id"]), said["keyword_id"])))
    words += [shown(said["detail"])] if said["detail"] else []
    when = (said.get("provider_at") or said["at"])[:19].replace("T", " ")
    whose = shown(payload["number"]) if payload else "(its number and text have been erased)"
    text = f": {shown(payload['text'])}" if payload and payload["text"] else ""
    return f"Event {said['id']}, {when} UTC, {whose}: {', '.join(words)}{text}."


def check_kept(kept: str, given: Any, signer: str, key: bytes, size: int, root: bytes) -> str:
    """Say whether the log grew out of a checkpoint that somebody kept."""
    with open(kept, "rb") as opened:
        text, _ = signed_by(opened.read(), kept, signer, key)
    _, old, old_root = read_checkpoint(text, kept)
    if old > size or (old < size and given.get("from") != old):
        raise Broken(f"Nothing here leads from the {old} events of {kept} to this proof: ask for one that does.")
    try:
        fits = grown(old, size, [unbase64(each) for each in given["path"]] if old < size else [], old_root)
    except UNREADABLE:
        fits = None
    if fits != (old_root, root):
        raise Broken(f"The log did not grow out of {kept}: something older has been changed since.")
    return f"The log grew out of {kept} with its {old} events: nothing older has been changed since."


def shown(text: object) -> str:
    """Return a text in quotes, on one line."""
    return "“{}”".format("".join(each if each.isprintable() else " " for each in str(text)))


def check(place: str, asked: argparse.Namespace, say: Callable[[str], object], broken: list[str]) -> None:
    """Check everything; `say` what was found, and add to `broken` what is not as it was, the first first."""
    files = files_of(place)
    for name in (JSON, CHECKPOINT, CONTENTS):
        if name not in files:
            raise Broken(f"{name} has been removed.")
    try:
        proof = json.loads(files[JSON].decode("utf-8", "surrogatepass"))
        if proof["format"] != FORMAT:
            raise Broken("proof.json is of another format: use the verify.py that came with it.")
        events, numbers, given = proof["events"], proof["about"]["numbers"], proof["log"]["key"]
        say("A proof about {}, made at {}. In Optin's words:".format(proof["about"]["number"], proof["made_at"]))
        say(shown(proof["verdict"]))
    except UNREADABLE:
        raise Broken("proof.json can't be read any more.") from None
    signer, key = read_key(asked.key or given)
    text, _ = signed_by(files[CHECKPOINT], CHECKPOINT, signer, key)
    origin, size, root = read_checkpoint(text, CHECKPOINT)
    say(f"The log {origin} had {size} events when the checkpoint was signed.")
    before, ids = (-1, 0), []
    for event in events:
        try:
            said, payload = json.loads(event["leaf"]), event["payload"]
            ids.append(said["id"])
            before = check_event(event, said, before, size, root)
            if payload and payload["number"] not in numbers:
                raise Broken(f"Event {said['id']} is of another number, {shown(payload['number'])}.")
            say(told(said, payload, proof["keywords"]))
        except UNREADABLE:
            broken.append(f"The event after event {before[1]} can't be read any more.")
        except Broken as error:
            broken.append(str(error))
    broken.extend(check_contents(files, signer, key, ids))
    others = sorted({name for name, _ in read_note(files[CHECKPOINT], CHECKPOINT)[1] if name != signer})
    if others:
        say(f"The checkpoint also has signatures of {', '.join(map(shown, others))}; --witness KEY checks them.")
    for witness in asked.witness:
        name, cosigner = read_key(witness, COSIGNATURE)
        _, time = signed_by(files[CHECKPOINT], CHECKPOINT, name, cosigner, cosigned=True)
        say(f"The witness {name} signed the checkpoint as well, at the Unix time {time}.")
    if asked.checkpoint:
        say(check_kept(asked.checkpoint, proof.get("consistency", {}), signer, key, size, root))
    if not asked.key:
        say(f"The key came with the proof. Compare it with the one that you were given elsewhere: {given}")


def places_of(asked: argparse.Namespace) -> list[str]:
    """Return what is to be checked: a folder that is no proof stands for all ZIPs in it."""
    found = []
    for place in asked.place or [os.path.dirname(os.path.abspath(__file__))]:
        names = sorted(os.listdir(place)) if os.path.isdir(place) else []
        inside = [os.path.join(place, name) for name in names if name.endswith(".zip")] if JSON not in names else []
        found += inside or [place]
    return found


def main() -> int:
    """Read what was asked, check, and say it."""
    parser = argparse.ArgumentParser(description="Check proofs from Optin.")
    parser.add_argument("place", nargs="*", help="a folder or ZIP with a proof, or a folder with such ZIPs")
    parser.add_argument("--key", help="the log's verifier key, from elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="the verifier key of a witness")
    parser.add_argument("--checkpoint", help="a checkpoint that somebody kept")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    asked = parser.parse_args()
    places, wrong = places_of(asked), 0
    for place in places:
        broken: list[str] = []
        try:
            check(place, asked, print if len(places) == 1 else lambda _: None, broken)
        except Broken as error:
            broken.append(str(error))
        except UNREADABLE:
            broken.append("proof.json can't be read any more.")
        except UNOPENED as error:
            broken.append(f"It can't be opened: {error}.")
        wrong += bool(broken)
        verdict = f"IT DOES NOT HOLD. {broken[0]}" if broken else HOLDS
        print(f"{os.path.basename(place)}: {verdict}" if len(places) > 1 else "\n".join([LIMITS, *broken[1:], verdict]))
    if len(places) > 1:
        print(
            f"{LIMITS}\n{wrong} of {len(places)} proofs do not hold." if wrong else f"{LIMITS}\nAll {len(places)} hold."
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
