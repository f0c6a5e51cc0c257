"""ResNet, CLIP, DINO and DINOv2: one loader and one way to use an image tower of transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Num
from torch import Tensor, nn

from shapeshot.errors import ModelError
from shapeshot.lab.encoders.encoder import Encoder, EncoderOutput
from shapeshot.lab.encoders.families import Family
from shapeshot.lab.encoders.hub import published_weights, quietly
from shapeshot.lab.encoders.weights_file import first_line, read_weights

DEFAULT_IMAGE_SIZE = 224


class HubEncoder(Encoder):
    """An image tower of the model hub: photo -> a token for each patch (no class token) and a pooled vector.

    weights: "pretrained" (published, from the hub or its cache), "none" (random, from torch's global generator), a
        folder with config.json and model.safetensors as `save_pretrained` writes it, whose architecture is taken, or a
        safetensors file, of the published architecture where no config.json stands beside it.
    num_frozen_layers: that many of the tower's layers (first the stem or embedding, then stages or blocks, last a
        transformer's norm), counted from the image, are not trained; -1 for all.
    update_statistics: whether training mode re-estimates batch-norm statistics; random weights need True.
    image_size: side of the square crop, pixels; 0 for that of the position embeddings or 224, the smaller. A
        transformer interpolates its position embeddings to any other.
    architecture: with "none", what to build: the attribute `architecture` of another encoder of this family.
    Raises ModelError on weights that are missing, damaged or of something else, and on values that do not fit.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        family: Family,
        weights: str = "pretrained",
        num_frozen_layers: int = 0,
        update_statistics: bool = False,
        image_size: int = 0,
        architecture: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.family, self.update_statistics = family, update_statistics
        self.tower, self.architecture = _build(family, weights, architecture)
        layers = len(family.layers(self.tower))
        if not -1 <= num_frozen_layers <= layers:
            raise ModelError(f"num_frozen_layers must lie in 0..{layers}, or be -1 for all; got {num_frozen_layers}")
        self.num_frozen_layers = layers if num_frozen_layers == -1 else num_frozen_layers
        own_size = self.architecture.get("image_size", DEFAULT_IMAGE_SIZE)
        self.image_size = image_size or min(own_size, DEFAULT_IMAGE_SIZE)
        self.num_tokens(self.image_size)
        self.token_channels = self.pooled_channels = family.channels(self.architecture)
        for name, value in (("mean", family.mean), ("std", family.std)):
            self.register_buffer(name, torch.tensor(value)[:, None, None], persistent=False)
        for layer in family.layers(self.tower)[: self.num_frozen_layers]:
            layer.requires_grad_(False)

    def num_tokens(self, image_size: int) -> int:
        """Count the tokens of a square image. Raises ModelError on a side that is no multiple of a patch."""
        stride = self.family.stride(self.architecture)
        if image_size <= 0 or (self.family.whole and image_size % stride):
            raise ModelError(f"this encoder needs an image size that is a multiple of {stride}; got {image_size}")
        side = -(-image_size // stride)
        return side * side

    def train(self, mode: bool = True) -> HubEncoder:
        """Set training mode; frozen layers, and batch norms unless `update_statistics`, stay as in evaluation."""
        super().train(mode)
        for layer in self.family.layers(self.tower)[: self.num_frozen_layers]:
            layer.eval()
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d) and not self.update_statistics:
                module.eval()
        return self

    def forward(self, pixels: Num[Tensor, "batch 3 size size"]) -> EncoderOutput:
        """Look at RGB pixels in 0..255, uint8 or float; see the class for what is returned."""
        self.num_tokens(int(pixels.shape[-1]))
        return self.family.look(self.tower, self.normalise(pixels))

    def normalise(self, pixels: Tensor) -> Tensor:
        """Scale pixels in 0..255 to float32 with the mean 0 and deviation 1 that the published weights expect."""
        return (pixels.float() / 255 - self.mean) / self.std


def _build(family: Family, weights: str, architecture: Mapping[str, Any] | None) -> tuple[nn.Module, dict[str, Any]]:
    if weights == "none":
        return _tower(family, _given(family, architecture), None, "the architecture")
    if weights == "pretrained":
        state = published_weights(family.repository, family.model)
        return _tower(family, family.architecture, state, family.repository)
    local = read_weights(weights)
    config = family.architecture if local.config is None else _own_config(family, local.config, str(local.path.parent))
    return _tower(family, config, local.tensors, str(local.path))


def _given(family: Family, architecture: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the published architecture, or another with the same keys. Raises ModelError for other keys."""
    given = architecture or family.architecture
    for what, keys in (("has no", given.keys() - family.architecture), ("needs", family.architecture.keys() - given)):
        if keys:
            raise ModelError(f"no architecture of a {family.model}, which {what} {min(keys)!r}; give the encoder's own")
    return given


def _own_config(family: Family, config: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return the part of a config.json about the image tower. Raises ModelError where it is of another family."""
    if config.get("model_type") == "clip" and isinstance(config.get("vision_config"), dict):
        config = {**config["vision_config"], "model_type": "clip_vision_model"}
    if config.get("model_type") != family.model_type:
        kind = config.get("model_type")
        raise ModelError(f"{where} holds a model of type {kind!r}, not {family.model_type!r}; give the encoder's own")
    return config


def _tower(
    family: Family, config: Mapping[str, Any], state: Mapping[str, Tensor] | None, where: str
) -> tuple[nn.Module, dict[str, Any]]:
    """Build the module, and its architecture in plain JSON values. Only the family's own keys of `config` count."""
    import transformers

    cls = getattr(transformers, family.model)
    fixed = {"use_mask_token": False} if "use_mask_token" in family.architecture else {}
    chosen = {key: value for key, value in config.items() if key in family.architecture} | fixed
    try:
        with quietly():
            settings = cls.config_class(**chosen)
            architecture = json.loads(json.dumps({key: getattr(settings, key) for key in family.architecture}))
            if state is None:
                return cls._from_config(settings, **family.options), architecture
            return _filled(cls, settings, family, state), architecture
    except ModelError as error:
        raise ModelError(f"{where} {error}") from None
    except Exception as error:  # the library raises many kinds for values that do not fit together
        raise ModelError(f"{where} describes no {family.model} ({first_line(error)}); give the encoder's own") from None


def _filled(cls: Any, settings: Any, family: Family, state: Mapping[str, Tensor]) -> nn.Module:
    """Fill a tower with the tensors of `state`, by published names or the library's. Raises ModelError for misfits."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        loaded: tuple[nn.Module, dict[str, Any]] = cls.from_pretrained(
            None,
            config=settings,
            state_dict={name: tensor for name, tensor in state.items() if not name.startswith(family.unused)},
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            **family.options,
        )
    finally:
        if shown:
            logging.enable_progress_bar()
    tower, info = loaded
    faults = [(what, key) for what in ("missing", "mismatched", "unexpected") for key in sorted(info[f"{what}_keys"])]
    if faults:
        what, key = faults[0]
        name = key[0] if isinstance(key, tuple) else key
        raise ModelError(f"does not fit {family.model} ({what}: {name}, {len(faults)} in all); give the encoder's own")
    return tower
