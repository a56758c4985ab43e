#!/usr/bin/env python3
"""Keeps what a client says in `initialize`.

RUBRIC_RECORD names the file that is written. With RUBRIC_PROGRAM, everything is handed on to that server; without it, this
stands in for a server: it answers with nothing, and ends when told to.
"""

import json
import os
import subprocess
import sys

server = None
if "RUBRIC_PROGRAM" in os.environ:
    server = subprocess.Popen([os.environ["RUBRIC_PROGRAM"], *sys.argv[1:]], stdin=subprocess.PIPE)


def read():
    length = 0
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        line = line.strip().lower()
        if not line:
            return sys.stdin.buffer.read(length)
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])


def write(to, body):
    to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    to.flush()


def answer(message, result):
    write(sys.stdout.buffer, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())


while (body := read()) is not None:
    message = json.loads(body)
    method = message.get("method")
    if method == "initialize":
        with open(os.environ["RUBRIC_RECORD"], "w", encoding="utf-8") as file:
            json.dump(message["params"], file)
    if server:
        write(server.stdin, body)
    elif method == "initialize":
        answer(message, {"capabilities": {}})
    elif "id" in message and method:
        answer(message, None)
    if method == "exit":
        break
if server:
    server.stdin.close()
    sys.exit(server.wait())
