"""How large a model is before it is loaded: by the headers of its files, or by what the Hub says when it is asked."""

from __future__ import annotations

from attnviz.errors import AttnVizError
from attnviz.loading import hub
from attnviz.loading.access import Access
from attnviz.loading.locate import directory_of, license_of
from attnviz.loading.sentence_modules import transformer_folder
from attnviz.loading.weights import nbytes, read_weights
from attnviz.types import Estimate

ITEMSIZE = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}


def estimate(name: str, access: Access, dtype: str = "float32", ask: bool = False) -> Estimate | None:
    """The sizes of a directory or of a Hub model, without loading it; None where the name leads to nothing.

    A Hub model that is not in the cache has no sizes until `ask`, which asks the Hub over the network. Nothing is
    fetched. Without `ask`, what is damaged or unknown is no error here: loading says what is wrong.

    Raises, with `ask`: ModelNotFound, HubUnreachable, ModelUnsupported, ModelTooLarge.
    """
    if access.directories and (path := directory_of(name)) is not None:
        root = path
    elif not (access.hub and hub.is_hub_id(name)):
        return None
    else:
        snapshot = hub.cached_snapshot(name, access)
        if snapshot is None:
            return _announced(name, access, dtype) if ask else Estimate(place="hub")
        root = snapshot
    try:
        weights = read_weights(transformer_folder(root, name), name)
    except (AttnVizError, OSError):  # an adapter, or not all is there
        return None if root == directory_of(name) else Estimate(place="hub")
    return Estimate(
        place="here",
        parameters=weights.parameters,
        memory_bytes=weights.nbytes(ITEMSIZE.get(dtype, 4)),
        disk_bytes=sum(file.stat().st_size for file in weights.files),
        license=license_of(root),
    )


def _announced(name: str, access: Access, dtype: str) -> Estimate:
    elements, download, licence = hub.announced(name, access)
    return Estimate(
        place="hub",
        parameters=sum(elements.values()),
        memory_bytes=nbytes(elements, ITEMSIZE.get(dtype, 4)),
        disk_bytes=download,
        download_bytes=download,
        license=licence,
    )
