"""Readers of captions: padding changes nothing, and what is alike is told as alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shapeshot.errors import ModelError
from shapeshot.lab.pretraining import text
from shapeshot.lab.pretraining.text import Sentences, Words, sentence_vectors

CAPTIONS = ["a red chair", "sofa", "a chair", "a red chair"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sentence encoder of two layers that knows five words, laid out as the package's."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel

    words = {word: place for place, word in enumerate(("[PAD]", "[UNK]", "a", "red", "chair", "sofa"))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = {
        "vocab_size": 6, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16,
        "max_position_embeddings": 64,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    tower = BertModel(BertConfig(**config))
    save_file({name: value.contiguous() for name, value in tower.state_dict().items()}, tmp_path / "model.safetensors")
    return tmp_path


def test_a_sentence_is_read_alike_alone_and_among_longer_ones(folder: Path) -> None:
    together = sentence_vectors(CAPTIONS, folder)
    alone = torch.cat([sentence_vectors([caption], folder) for caption in CAPTIONS])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(together.norm(dim=-1), torch.ones(4))
    assert torch.equal(together[0], together[3])
    assert not torch.allclose(together[0], together[2])


def test_a_missing_or_damaged_sentence_encoder_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PACKAGE", "no_such_package_at_all")
    with pytest.raises(ModelError, match="--text words, which needs nothing"):
        Sentences(CAPTIONS)
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        sentence_vectors(CAPTIONS, folder)


def test_word_vectors_are_the_mean_of_a_captions_words() -> None:
    words = Words(CAPTIONS)
    found = words(torch.tensor([0, 1, 2, 3]))
    assert torch.equal(found[0], found[3])
    vectors = words.read.weight.T  # of "a", "chair", "red" and "sofa"
    torch.testing.assert_close(found[0], vectors[:3].mean(dim=0))
    torch.testing.assert_close(found[1], vectors[3])


def test_the_packaged_sentence_encoder_knows_what_is_alike() -> None:
    pytest.importorskip(text.PACKAGE)
    chair, sofa, car = sentence_vectors(["a photo of an office chair", "a photo of a seat", "a photo of a red car"])
    assert float(chair @ sofa) > float(chair @ car) + 0.1
