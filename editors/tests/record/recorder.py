#!/usr/bin/env python3
"""Stands in for a server: keeps what a client says in `initialize`, answers with nothing, and ends when told to.

RUBRIC_RECORD names the file that is written.
"""

import json
import os
import sys


def read():
    length = 0
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        line = line.strip().lower()
        if not line:
            return json.loads(sys.stdin.buffer.read(length))
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])


def write(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


while (message := read()) is not None:
    if message.get("method") == "exit":
        break
    if message.get("method") == "initialize":
        with open(os.environ["RUBRIC_RECORD"], "w", encoding="utf-8") as file:
            json.dump(message["params"], file)
        write({"jsonrpc": "2.0", "id": message["id"], "result": {"capabilities": {}}})
    elif "id" in message and "method" in message:
        write({"jsonrpc": "2.0", "id": message["id"], "result": None})
