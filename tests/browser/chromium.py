"""Find a Chromium for the browser tests and benchmarks, or install Debian's.

In flows what the machine has (CHROME, an installed Chrome or Chromium, Playwright's own); out flows the
path of an executable. `python tests/browser/chromium.py --install` is what the Makefile calls.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ARGS = [
    "--no-sandbox",  # Chromium refuses to start as root with it, which is what containers are
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
MAC_APP = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
HELP = (
    "No Chrome or Chromium was found for the browser tests. Install one, or run "
    "`python -m playwright install chromium`, or name an executable in the environment variable CHROME."
)


class NoBrowser(RuntimeError):
    """There is no browser, and none could be installed; the message says what to do."""


def find() -> str | None:
    """Path of a Chromium: CHROME, then an installed one, then Playwright's own; None without any.

    Raises NoBrowser when CHROME names something that is not an executable.
    """
    named = os.environ.get("CHROME")
    if named:
        path = shutil.which(named)
        if path is None:
            raise NoBrowser(f"The environment variable CHROME names {named!r}, which is no executable file.")
        return path
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for root in (Path("/"), Path.home()):
        if (root / MAC_APP).exists():
            return str(root / MAC_APP)
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str:
    """Path of a Chromium, after installing Debian's package where none is found. Raises NoBrowser."""
    if path := find():
        return path
    if shutil.which("apt-get") is None:
        raise NoBrowser(HELP)
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and (shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"]).returncode):
        raise NoBrowser(f"{HELP} On Debian and Ubuntu: `sudo apt-get install chromium`.")
    print("Installing Chromium for the browser tests", flush=True)
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    package = ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    for step in (["update"], package):
        done = subprocess.run([*apt, *step], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise NoBrowser(
                f"`apt-get {step[0]}` failed with {done.returncode}. {done.stdout[-500:]}\n{HELP}"
            )
    path = find()
    if path is None:
        raise NoBrowser(f"Debian's chromium package left no executable on the PATH. {HELP}")
    return path


if __name__ == "__main__":
    try:
        found = install() if "--install" in sys.argv[1:] else find()
    except NoBrowser as error:
        sys.exit(str(error))
    print(f"Chromium: {found or 'none'}")
    sys.exit(0 if found else 1)
