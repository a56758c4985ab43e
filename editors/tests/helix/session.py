"""A writer's session in Helix, typed into a terminal: `session.py PROJECT`. What it must come to is looked for on the disk."""

import os
import pty
import re
import select
import struct
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

project = Path(sys.argv[1])
promotion = project / "policies/school/promotion.rubric"
records = project / "policies/school/records.rubric"
original = promotion.read_text(encoding="utf-8")
# A mistake, and lines that are not formatted.
promotion.write_text(
    original.replace("when reads_well", "when reads_wel").replace("  rule reads_at_level", "      rule reads_at_level"),
    encoding="utf-8",
)

process, terminal = pty.fork()
if process == 0:
    os.chdir(project)
    os.execvp("hx", ["hx", str(promotion)])
ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 60, 160, 0, 0))
said = bytearray()


def listen(seconds):
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            said.extend(os.read(terminal, 1 << 16))


def screen():
    """What was written to the terminal, without what moves and colours."""
    return re.sub(r"\x1b\[[0-9;?:]*[a-zA-Z]", " ", said.decode("utf-8", "replace"))


def shows(what):
    end = time.monotonic() + 20
    while re.sub(r"\s", "", what) not in re.sub(r"\s", "", screen()):
        assert time.monotonic() < end, f"{what!r} is not shown; what is: {screen()[-3000:]}"
        listen(0.1)


def keys(*typed):
    for one in typed:
        os.write(terminal, one.encode())
        listen(0.4)


def until(fits, what):
    end = time.monotonic() + 20
    while not fits():
        assert time.monotonic() < end, f"{what}\n{promotion.read_text(encoding='utf-8')}\n{screen()[-3000:]}"
        listen(0.1)
    print(f"ok: {what}")


shows("● 1")
keys("]D")
shows("there is no `reads_wel` here")
print("ok: a mistake is shown with its message")

keys(" a", "\r", ":w\r")
until(lambda: promotion.read_text(encoding="utf-8") == original, "a fix is applied, and the text is formatted when it is saved")

keys("/= reading_level\r", ";", " r", "\x15", "level_read\r")
keys(":wa\r")
until(lambda: "level_read: count?" in records.read_text(encoding="utf-8"), "a field is renamed in the file of its record")
until(lambda: promotion.read_text(encoding="utf-8") == original.replace("reading_level", "level_read"), "and where it is used")

keys("gg", "/of Student\r", ";", "gd", "O", "/// Here.", "\x1b", ":wa\r")
until(lambda: "/// Here.\nrecord Student" in records.read_text(encoding="utf-8"), "a name leads to its declaration")

os.write(terminal, b":qa\r")
_, status = os.waitpid(process, 0)
assert status == 0, status
print("ok: it ends")
