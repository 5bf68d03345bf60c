"""From a name to a model: the catalogue, local directories and Hub ids, checked before anything is loaded.

In flow names; out flow `ModelCard`s (without torch) and `Loaded` models, or a typed refusal with its remedy.
"""

from attnviz.loading.access import Access
from attnviz.loading.cards import card_of, position_limits
from attnviz.loading.catalogue import catalog
from attnviz.loading.in_memory import load_module
from attnviz.loading.loader import Loaded, load
from attnviz.loading.packages.fetch import fetch

__all__ = ["Access", "Loaded", "card_of", "catalog", "fetch", "load", "load_module", "position_limits"]
