"""The published image towers, one row each: where they are, how they are built, what of their output is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from shapeshot.lab.encoders.encoder import EncoderOutput

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLIP_PIXELS = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Family:
    """How one kind of tower is loaded and used.

    repository: on the model hub. model: its class in transformers. model_type: what its config.json must say.
    architecture: of the published weights; its keys are all that is ever taken from a configuration.
    mean, std: of pixels in 0..1, a value each for red, green and blue, that the published weights were trained with.
    unused: beginnings of the names of published tensors outside the tower.
    layers: the tower's parts from the image on; what `num_frozen_layers` counts.
    look: (tower, normalised pixels [batch, 3, size, size]) -> EncoderOutput.
    channels: (architecture) -> channels of tokens and of the pooled vector, which are as many.
    stride: (architecture) -> pixels along the side of a token. whole: whether an image must be whole tokens wide.
    options: further arguments of the class in transformers.
    """

    repository: str
    model: str
    model_type: str
    architecture: Mapping[str, Any]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    unused: tuple[str, ...]
    layers: Callable[[Any], list[nn.ModuleList]]
    look: Callable[[Any, Tensor], EncoderOutput]
    channels: Callable[[Mapping[str, Any]], int]
    stride: Callable[[Mapping[str, Any]], int]
    whole: bool
    options: Mapping[str, Any]


def _vit_channels(architecture: Mapping[str, Any]) -> int:
    return int(architecture["hidden_size"])


def _patch(architecture: Mapping[str, Any]) -> int:
    return int(architecture["patch_size"])


# ResNet: He et al., "Deep residual learning for image recognition" (CVPR 2016).


def _resnet_layers(model: Any) -> list[nn.ModuleList]:
    return [nn.ModuleList([layer]) for layer in (model.embedder, *model.encoder.stages)]


def _resnet_look(model: Any, pixels: Tensor) -> EncoderOutput:
    output = model(pixels)
    return EncoderOutput(output.last_hidden_state.flatten(2).transpose(1, 2), output.pooler_output.flatten(1))


def _resnet_channels(architecture: Mapping[str, Any]) -> int:
    return int(architecture["hidden_sizes"][-1])


def _resnet_stride(architecture: Mapping[str, Any]) -> int:
    halvings = 2 + len(architecture["depths"]) - 1 + bool(architecture["downsample_in_first_stage"])
    return int(2**halvings)


RESNET18 = Family(
    repository="microsoft/resnet-18",
    model="ResNetModel",
    model_type="resnet",
    architecture={
        "embedding_size": 64,
        "hidden_sizes": [64, 128, 256, 512],
        "depths": [2, 2, 2, 2],
        "layer_type": "basic",
        "hidden_act": "relu",
        "downsample_in_first_stage": False,
        "downsample_in_bottleneck": False,
    },
    mean=IMAGENET[0],
    std=IMAGENET[1],
    unused=("classifier.",),
    layers=_resnet_layers,
    look=_resnet_look,
    channels=_resnet_channels,
    stride=_resnet_stride,
    whole=False,
    options={},
)

# CLIP: Radford et al., "Learning transferable visual models from natural language supervision" (ICML 2021).


def _clip_layers(model: Any) -> list[nn.ModuleList]:
    parts = [[model.embeddings, model.pre_layrnorm], *([block] for block in model.encoder.layers)]
    return [nn.ModuleList(part) for part in (*parts, [model.post_layernorm])]


def _clip_look(model: Any, pixels: Tensor) -> EncoderOutput:
    """Look with CLIP: the pooled vector is the class token after the last norm, not projected to the space of text.

    The tokens get the same norm, without which a few of their channels are a hundred times the others.
    """
    output = model(pixels, interpolate_pos_encoding=_interpolated(model, pixels))
    return EncoderOutput(model.post_layernorm(output.last_hidden_state[:, 1:]), output.pooler_output)


CLIP = Family(
    repository="openai/clip-vit-base-patch32",
    model="CLIPVisionModel",
    model_type="clip_vision_model",
    architecture={
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "image_size": 224,
        "patch_size": 32,
        "hidden_act": "quick_gelu",
        "layer_norm_eps": 1e-5,
        "attention_dropout": 0.0,
    },
    mean=CLIP_PIXELS[0],
    std=CLIP_PIXELS[1],
    unused=("text_model.", "text_projection.", "visual_projection.", "logit_scale"),
    layers=_clip_layers,
    look=_clip_look,
    channels=_vit_channels,
    stride=_patch,
    whole=True,
    options={},
)

# DINO: Caron et al., "Emerging properties in self-supervised vision transformers" (ICCV 2021).
# DINOv2: Oquab et al., "DINOv2: learning robust visual features without supervision" (TMLR 2024).


def _dino_layers(model: Any) -> list[nn.ModuleList]:
    return [nn.ModuleList([layer]) for layer in (model.embeddings, *model.layers, model.layernorm)]


def _dinov2_layers(model: Any) -> list[nn.ModuleList]:
    return [nn.ModuleList([layer]) for layer in (model.embeddings, *model.encoder.layer, model.layernorm)]


def _dino_look(model: Any, pixels: Tensor) -> EncoderOutput:
    """Look with DINO: patches and class token after the last norm."""
    tokens = model(pixels, interpolate_pos_encoding=_interpolated(model, pixels)).last_hidden_state
    return EncoderOutput(tokens[:, 1:], tokens[:, 0])


def _dinov2_look(model: Any, pixels: Tensor) -> EncoderOutput:
    """Look with DINOv2: patches and class token after the last norm; the model interpolates its positions by itself."""
    tokens = model(pixels).last_hidden_state
    return EncoderOutput(tokens[:, 1:], tokens[:, 0])


def _interpolated(model: Any, pixels: Tensor) -> bool:
    return bool(pixels.shape[-1] != model.config.image_size)


DINO = Family(
    repository="facebook/dino-vits16",
    model="ViTModel",
    model_type="vit",
    architecture={
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "image_size": 224,
        "patch_size": 16,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "qkv_bias": True,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    },
    mean=IMAGENET[0],
    std=IMAGENET[1],
    unused=("pooler.", "classifier."),
    layers=_dino_layers,
    look=_dino_look,
    channels=_vit_channels,
    stride=_patch,
    whole=True,
    options={"add_pooling_layer": False},
)
DINOV2 = Family(
    repository="facebook/dinov2-small",
    model="Dinov2Model",
    model_type="dinov2",
    architecture={
        "hidden_size": 384,
        "mlp_ratio": 4,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "image_size": 518,
        "patch_size": 14,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
        "qkv_bias": True,
        "layerscale_value": 1.0,
        "use_swiglu_ffn": False,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "drop_path_rate": 0.0,
        # For pretraining by masking alone: a parameter without gradient, which several processes would wait for.
        "use_mask_token": False,
    },
    mean=IMAGENET[0],
    std=IMAGENET[1],
    unused=("embeddings.mask_token", "classifier."),
    layers=_dinov2_layers,
    look=_dinov2_look,
    channels=_vit_channels,
    stride=_patch,
    whole=True,
    options={},
)
