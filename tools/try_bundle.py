"""Proves a bundle: with the network closed, `make app` in a copy of it installs, serves the app, and reads a model.

    python tools/try_bundle.py FOLDER

Linux only: a network namespace of its own, in which there is nothing but the loopback device. Takes minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INSIDE = """
set -e
ip link set lo up
if python3 -c "import socket; socket.create_connection(('192.0.2.1', 80), 2)" 2>/dev/null; then exit 9; fi
make app > app.log 2>&1 &
for try in $(seq 600); do
  if .venv/bin/python -c "
import urllib.request
urllib.request.urlopen('http://localhost:8501/_stcore/health', timeout=2)" 2>/dev/null; then break; fi
  sleep 1
done
.venv/bin/python -c "
import urllib.request
page = urllib.request.urlopen('http://localhost:8501/heads', timeout=10)
assert page.status == 200 and b'<div id=\\"root\\">' in page.read()"
ATTNVIZ_MODEL_CACHE=$PWD/fetched .venv/bin/python -c "
import attnviz
for card in attnviz.catalog():
    model = attnviz.load(card.name, device='cpu') if card.at_hand else None
    if model and card.modality == 'text':
        print(card.name, model.capture(card.examples[0]).shape())
    else:
        print(card.name, 'loaded' if model else 'not in the bundle')
"
kill %1
"""


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="attnviz-offline-") as scratch:
        copy, home = Path(scratch) / "copy", Path(scratch) / "home"
        shutil.copytree(folder, copy)
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment = kept | {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull}
        started = time.monotonic()
        command = ["unshare", "--map-root-user", "--net", "bash", "-c", INSIDE]
        code = subprocess.run(command, cwd=copy, env=environment).returncode
        print((copy / "app.log").read_text(errors="replace")[-2000:])
        print(f"{'it runs' if code == 0 else f'failed ({code})'}, {time.monotonic() - started:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
