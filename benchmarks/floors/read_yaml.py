"""Floor of `validate`: libyaml's safe loader over every file below a folder. `python read_yaml.py FOLDER`."""

import sys
from pathlib import Path

import yaml

count = 0
for path in sorted(Path(sys.argv[1]).glob("**/*.yaml")):
    with path.open(encoding="utf-8") as opened:
        for _ in yaml.load_all(opened, Loader=yaml.CSafeLoader):
            count += 1
sys.stdout.write(f"{count}\n")
