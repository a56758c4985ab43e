"""Takes out of a recording what differs from machine to machine: `normalise.py RECORDED FOLDER FIXTURE`."""

import json
import sys
from pathlib import Path
from urllib.parse import quote

recorded, folder, fixture = sys.argv[1:]


def without(value, key=None):
    if key == "processId":
        return None
    if isinstance(value, dict):
        return {name: without(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [without(item) for item in value]
    if isinstance(value, str):
        for here in (folder, quote(folder)):
            value = value.replace(here, "/work")
    return value


parameters = without(json.loads(Path(recorded).read_text(encoding="utf-8")))
Path(fixture).write_text(json.dumps(parameters, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
