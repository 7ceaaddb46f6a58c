#!/usr/bin/env python3
"""Checks an exported journal, see assets/journal-format.md: verify_export.py < journal.jsonl"""
import hashlib
import json
import sys
from urllib.parse import quote


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def line(e):
    def text(name):
        return quote(e[name], safe="-._~:/@")
    fields = ["warroom-journal-1", e["seq"], e["id"], e["at"], text("boot_id"), e["boot_ns"], e["epoch"],
              text("principal"), e["command_id"] or "-", text("stream"), text("kind"), e["body_sha256"], e["prev"]]
    return " ".join(map(str, fields)).encode("ascii")


def check(holds, what):
    if not holds:
        raise ValueError(what)


seq, head = 0, "0" * 64
for number, source in enumerate(sys.stdin.buffer, 1):
    try:
        entry = json.loads(source)
        check(entry["seq"] == number, f"it has the number {entry['seq']}")
        check(entry["prev"] == head, "it does not continue the entry before it")
        if entry["body"] is not None:
            check(sha256(entry["body"].encode()) == entry["body_sha256"], "its body was changed")
        check(sha256(line(entry)) == entry["hash"], "it was changed")
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        sys.exit(f"entry {number}: {fault}")
    seq, head = number, entry["hash"]
print(f"{seq} entries hold, head {head}")
