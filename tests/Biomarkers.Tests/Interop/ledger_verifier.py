"""Verifies the audit log, the read streams and the checkpoints of a Biomarkers database (SQLite) or of a bundle of one run, by its own reading of the format.

usage: ledger_verifier.py DATABASE [CHECKPOINTS PUBLIC_KEY.pem]
       ledger_verifier.py BUNDLE.zip PUBLIC_KEY.pem

Prints one JSON object: isIntact, eventCount, checkpointCount, and of the first finding kind, sequence, latestSequence, target, offset.
Standard library and the openssl command alone; it shares no code with the program that it checks.
"""
import base64
import hashlib
import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile

ZERO = bytes(32)


def hash_of(previous, sequence, event):
    data = previous + struct.pack(">qq", sequence, event[0])
    for text in event[1:]:
        encoded = b"" if text is None else text.encode()
        data += struct.pack(">q", -1 if text is None else len(encoded)) + encoded
    return hashlib.sha256(data).digest()


def finding(kind, sequence=None, latest=None, target="ledger", offset=None):
    return {"kind": kind, "sequence": sequence, "latestSequence": latest, "target": target, "offset": offset}


def explain(rows, i, sequence, before, head, start):
    """What was done where row i does not follow the event before it: `head` is that event's hash, `before` the hash before that; `start` events are not there."""
    row = rows[i]
    expected = sequence + 1
    made_for = lambda stored, place: hash_of(stored[2], place, stored[1]) == stored[3]
    rest = rows[i:]
    proper = next((r for r in rest if r[2] == head and made_for(r, expected)), None)
    elsewhere = any(r[0] != expected and made_for(row, r[0]) for r in rest)
    if row[0] != expected:
        return finding("REORDERED", expected) if proper else finding("INSERTED", row[0]) if row[0] < expected else finding("DELETED", expected)
    if proper and proper is not row:
        return finding("REORDERED" if elsewhere else "INSERTED", expected)
    if row[2] != head:
        if sequence > start and row[2] == before and made_for(row, sequence):
            return finding("INSERTED", sequence)
        if sequence > start and made_for(row, expected) and (i + 1 == len(rows) or rows[i + 1][2] == row[3]):
            return finding("CHANGED", start + 1, sequence)
        if elsewhere or made_for(row, expected + 1):
            return finding("DELETED", expected)
    return finding("CHANGED", expected)


def follow_ledger(db, start=0, head=ZERO):
    rows = [(r[0], r[1:7], r[7], r[8]) for r in db.execute(
        "SELECT sequence, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event ORDER BY sequence")]
    hashes, before = {}, ZERO
    for i, (sequence, event, previous, stored) in enumerate(rows):
        place = start + len(hashes) + 1
        if sequence != place or previous != head or hash_of(head, place, event) != stored:
            return hashes, explain(rows, i, place - 1, before, head, start)
        before, head = head, stored
        hashes[place] = stored
    count, stored = db.execute("SELECT sequence, hash FROM ledger_head").fetchone()
    last = start + len(hashes)
    if count != last:
        return hashes, finding("TRUNCATED", last + 1) if count > last else finding("INSERTED", count + 1)
    return hashes, finding("CHANGED", min(count, start + 1), count) | {"isAtHead": True} if stored != head else None


def follow_streams(db, heads, cuts=None):
    """`heads`: (key, next offset) -> (chain, name) of checkpoints. `cuts`: key -> (first offset, chain before it) of a bundle, where events without bytes are followed by their hash."""
    found, names = [], {}
    for key, instrument, stream, next_offset, head in db.execute(
            "SELECT stream_key, instrument_id, stream_id, next_offset, chain_hash FROM read_stream ORDER BY stream_key").fetchall():
        names[key] = name = f"instruments/{instrument}/readStreams/{stream}"
        count, chain = cuts[key] if cuts else (0, ZERO)
        chains, broken = {count: chain}, None
        for offset, content, content_hash, stored in db.execute(
                "SELECT event_offset, content, content_hash, chain_hash FROM stream_event WHERE stream_key = ? ORDER BY event_offset", (key,)):
            own = content_hash if cuts and not content else hashlib.sha256(content).digest()
            chain = hashlib.sha256(chain + own).digest()
            if offset != count or own != content_hash or chain != stored:
                broken = "DELETED" if offset > count else "INSERTED" if offset < count else "CHANGED"
                break
            count += 1
            chains[count] = chain
        if broken is None and (count != next_offset or head != chain):
            broken = "TRUNCATED" if count < next_offset else "INSERTED" if count > next_offset else "CHANGED"
            count = min(count, max(next_offset, 0)) if broken != "CHANGED" else max(count - 1, 0)
        if broken:
            found.append(finding(broken, target=name, offset=count))
            continue
        for (_, at), (expected, known) in sorted((k, v) for k, v in heads.items() if k[0] == key):
            if known != name:
                found.append(finding("CHANGED", target=known, offset=0))
            elif at not in chains and not (cuts and at < cuts[key][0]):
                found.append(finding("TRUNCATED", target=name, offset=count))
            elif at in chains and chains[at] != expected:
                found.append(finding("FORKED", target=name, offset=max(at - 1, 0)))
    expected = cuts if cuts else {key for key, _ in heads}
    return found + [finding("DELETED", target=name, offset=0) for (key, _), (_, name) in heads.items() if key in expected and key not in names]


def is_signed(held, public_key):
    with tempfile.TemporaryDirectory() as folder:
        signature, statement = pathlib.Path(folder, "signature"), pathlib.Path(folder, "statement")
        signature.write_bytes(base64.b64decode(held["signature"]))
        statement.write_bytes(held["statement"].encode())
        return subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key, "-signature", signature, statement], capture_output=True).returncode == 0


def hold_checkpoints(folder, public_key, hashes, is_whole, start=0):
    found, heads, vouched, fitting = [], {}, 0, 0
    read = []
    for file in sorted(pathlib.Path(folder).rglob("checkpoint-*.json")):
        held = json.loads(file.read_text("utf-8"))
        lines = held["statement"].split("\n")
        values = dict(line.split(" ", 1) for line in lines[:6])
        streams = [line.split(" ", 4)[1:] for line in lines[6:] if line]
        sequence = int(values["sequence"])
        if is_signed(held, public_key):
            read.append((sequence, bytes.fromhex(values["ledger"]), bytes.fromhex(values["hash"]), streams))
        else:
            found.append(finding("BAD_SIGNATURE", sequence))
    for sequence, ledger, stored, streams in sorted(read, key=lambda checkpoint: checkpoint[0]):
        if 1 in hashes and ledger != hashes[1]:
            found.append(finding("FORKED", 1))
        elif sequence in hashes and hashes[sequence] != stored:
            found.append(finding("FORKED", max(vouched, start) + 1, sequence))
        elif sequence in hashes:
            vouched, fitting = sequence, fitting + 1
            for key, next_offset, chain, name in streams:
                heads.setdefault((int(key), int(next_offset)), (bytes.fromhex(chain), name))
        elif is_whole:
            found.append(finding("TRUNCATED", start + len(hashes) + 1))
    return found, heads, vouched, fitting


def main(database, folder=None, public_key=None):
    if zipfile.is_zipfile(database):
        return bundle(database, folder)
    db = sqlite3.connect(pathlib.Path(database).absolute().as_uri() + "?mode=ro&immutable=1", uri=True)
    hashes, broken = follow_ledger(db)
    found, heads, vouched, fitting = hold_checkpoints(folder, public_key, hashes, broken is None) if folder else ([], {}, 0, 0)
    if broken and broken["latestSequence"] is not None:
        if vouched < broken["latestSequence"]:
            broken["sequence"] = vouched + 1
        else:
            broken["sequence"], broken["latestSequence"] = len(hashes) + ("isAtHead" not in broken), None
    found = ([broken] if broken else []) + found + follow_streams(db, heads)
    return tell(found, len(hashes), fitting)


def tell(found, count, fitting):
    found.sort(key=lambda one: (one["target"] != "ledger", one["latestSequence"] or one["sequence"] or 1 << 62))
    print(json.dumps({"isIntact": not found, "eventCount": count, "checkpointCount": fitting, "first": found[0] if found else None}))
    return 1 if found else 0


def bundle(file, public_key):
    """The parts by the manifest, and the part of the ledger and of the streams that is in it by the signed checkpoint. What the events vouch for is not looked at."""
    with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory() as folder:
        parts = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(parts.pop("manifest.json"))
        named = {part["name"]: part["sha256"] for part in manifest["parts"]}
        found = [finding("INSERTED", target=name) for name in parts if name not in named]
        found += [finding("DELETED", target=name) for name in named if name not in parts]
        found += [finding("CHANGED", target=name) for name in parts if name in named and hashlib.sha256(parts[name]).hexdigest() != named[name]]
        for name in ("bundle.db", "checkpoint.json"):
            pathlib.Path(folder, name.replace("checkpoint.json", "checkpoint-0.json")).write_bytes(parts[name])
        db = sqlite3.connect(pathlib.Path(folder, "bundle.db").as_uri() + "?mode=ro&immutable=1", uri=True)
        start, before = manifest["ledger"]["firstSequence"] - 1, bytes.fromhex(manifest["ledger"]["hashBefore"])
        hashes, broken = follow_ledger(db, start, before)
        unsound, heads, vouched, fitting = hold_checkpoints(folder, public_key, hashes, broken is None, start)
        if broken and broken["latestSequence"] is not None:
            if max(vouched, start) < broken["latestSequence"]:
                broken["sequence"] = max(vouched, start) + 1
            else:
                broken["sequence"], broken["latestSequence"] = start + len(hashes) + ("isAtHead" not in broken), None
        cuts = {stream["streamKey"]: (stream["firstOffset"], bytes.fromhex(stream["chainBefore"])) for stream in manifest["streams"]}
        found = ([broken] if broken else []) + unsound + follow_streams(db, heads, cuts) + found
        db.close()
        return tell(found, start + len(hashes), fitting)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
