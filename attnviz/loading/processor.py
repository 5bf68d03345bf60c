"""What turns pictures and sounds into the tensors of a model: the image processor or feature extractor beside it.

A directory may come from a stranger: what its configuration asks for is bounded before anything is built from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading.weights import damaged, read_json

CONFIGS = ("preprocessor_config.json", "processor_config.json")
# The largest number that a field may hold, by a part of its name; what is not listed may hold MOST.
LIMITS = {
    "size": 4096, "edge": 4096, "height": 4096, "width": 4096, "fft": 1 << 16, "chunk_length": 600, "mel_bins": 4096,
    "sampling_rate": 384_000,
}  # fmt: skip
MOST = 10_000_000


def load_processor(directory: Path, name: str, modality: str) -> Any:
    """The image processor or feature extractor in a directory, or None where there is none.

    Raises: ModelUnsupported ("damaged").
    """
    import transformers

    found = [file for file in CONFIGS if (directory / file).is_file()]
    if not found or modality == "text":
        return None
    for file in found:
        _check_numbers(read_json(directory / file, name), file, name)
    auto = transformers.AutoFeatureExtractor if modality == "speech" else transformers.AutoImageProcessor
    try:
        return auto.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # every family's processor raises its own when fields are missing or odd
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise damaged(name, f"its {found[0]} is not accepted: {reason}") from error


def part_for(processor: Any, modality: str, name: str) -> Any:
    """The image processor or feature extractor that a processor in memory is, or holds. Raises ModelUnsupported."""
    wanted = "feature_extractor" if modality == "speech" else "image_processor"
    part = getattr(processor, wanted, processor)
    base = "FeatureExtractionMixin" if modality == "speech" else "ImageProcessingMixin"
    if base not in [each.__name__ for each in type(part).__mro__]:
        raise ModelUnsupported(
            say(
                "{kind} is no processor for {modality}, which the model {name!r} takes.",
                kind=type(processor).__name__,
                modality=modality,
                name=name,
            ),
            say("Give the one that it was trained with: load(module, processor=...)."),
            reason="not-captured",
        )
    return part


def _check_numbers(config: dict[str, Any], file: str, name: str) -> None:
    for key, value in _numbers(config):
        limit = next((most for part, most in LIMITS.items() if part in key), MOST)
        if abs(value) > limit:
            raise damaged(name, f"{file} gives {key} as {value:,}; at most {limit:,} is read")


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number below a part of a configuration, with the names of the fields that it stands in."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _numbers(part, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value
