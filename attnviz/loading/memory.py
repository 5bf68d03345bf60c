"""How much memory is left for weights, on the host and on a GPU, and the refusal of a model that is larger.

In flow byte counts; out flows nothing, or ModelTooLarge. Container limits count: what psutil sees is the whole machine.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attnviz.errors import ModelTooLarge
from attnviz.language import say

if TYPE_CHECKING:
    import torch

# Activations, the tokenizer and the rest of the machine need room beside the weights.
SHARE_FOR_WEIGHTS = 0.9
CGROUP_ROOT = Path("/sys/fs/cgroup")


def require(needed: int, name: str, device: torch.device, limit: int | None = None) -> None:
    """Raises ModelTooLarge when `needed` bytes of weights do not fit `device` or the host they pass through.

    Args:
        limit: bytes allowed, in place of the measured ones.
    """
    available = weight_budget(device) if limit is None else limit
    if needed > available:
        raise ModelTooLarge(
            say(
                "The model {name!r} needs {gigabytes} for its weights; {available} of memory can be "
                "used for them here.",
                name=name,
                gigabytes=gigabytes(needed),
                available=gigabytes(available),
            ),
            say("Choose a smaller model, a smaller dtype such as 'bfloat16', or a machine with more memory."),
            needed=needed,
            available=available,
        )


def weight_budget(device: torch.device) -> int:
    """Bytes that weights may take on `device`; for a GPU also on the host, through which they are loaded."""
    free = host_bytes()
    if device.type == "cuda":
        import torch

        free = min(free, torch.cuda.mem_get_info(device)[0])
    return int(free * SHARE_FOR_WEIGHTS)


def host_bytes() -> int:
    """Bytes of host memory that can still be allocated, under the limits of the control group."""
    import psutil

    return min(int(psutil.virtual_memory().available), *_cgroup_left(CGROUP_ROOT, Path("/proc/self/cgroup")))


def _cgroup_left(root: Path, membership: Path) -> list[int]:
    """Bytes left under each memory limit that holds for this process; version 2 and version 1 groups."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = []
    left = [2**63 - 1]
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base = root / controllers
        names = ("memory.max", "memory.current", "inactive_file")
        if controllers == "memory":
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        relative = PurePosixPath(group.lstrip("/"))
        # Inside a container the group's own path may not be mounted: the limit then stands at the root.
        for directory in (base, *(base / part for part in (relative, *relative.parents))):
            left += _left_of(directory, *names)
    return left


def _left_of(directory: Path, limit: str, usage: str, reclaimable: str) -> list[int]:
    try:
        allowed = int((directory / limit).read_text())
        used = int((directory / usage).read_text())
        statistics = dict(line.split() for line in (directory / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group, or the limit is "max"
        return []
    return [max(allowed - used + int(statistics.get(reclaimable, 0)), 0)]


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
