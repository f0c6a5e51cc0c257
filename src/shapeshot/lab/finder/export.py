"""A trained finder as the one ONNX graph that `shapeshot.photo.finder` loads, its weights in half precision.

Batch norms are folded into the convolutions before them, and the weights are stored as float16, which the graph turns
into float32 when it runs: half the size, the same arithmetic.
"""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.data.dataset import MANIFEST
from shapeshot.errors import ModelError
from shapeshot.files import atomic_write
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.encoders.efficientnet_lite0 import ConvNorm
from shapeshot.lab.export.run import data_of, licences_text
from shapeshot.lab.export.to_onnx import OPSET
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.network import FinderNetwork, Separable

INPUTS, OUTPUTS = ("pixels", "hints"), ("logits", "scores")
TRACED_SIDE = 128  # any multiple of 32 gives the same graph


class HalfConv2d(nn.Module):
    """A convolution whose weights are kept in half precision. Its arithmetic is in float32."""

    def __init__(self, conv: nn.Conv2d, scale: Tensor | None = None, shift: Tensor | None = None) -> None:
        """Take over a convolution, followed by x * scale + shift of each channel where that is given."""
        super().__init__()
        weight = conv.weight if scale is None else conv.weight * scale[:, None, None, None]
        bias = torch.zeros(len(weight)) if conv.bias is None else conv.bias
        bias = bias if scale is None or shift is None else bias * scale + shift
        self.weight = nn.Parameter(weight.detach().half(), requires_grad=False)
        self.bias = nn.Parameter(bias.detach().float(), requires_grad=False)
        self.stride, self.padding, self.groups = conv.stride, conv.padding, conv.groups

    def forward(self, x: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch outputs rows columns"]:
        """Convolve."""
        return F.conv2d(x, self.weight.float(), self.bias, self.stride, self.padding, groups=self.groups)


class _Folded(nn.Module):
    """A ConvNorm of the encoder, its norm folded: pads as "SAME" does, convolves, and cuts at 0 and 6 where it did."""

    def __init__(self, layer: ConvNorm) -> None:
        super().__init__()
        kernel, stride = layer.conv.kernel_size[0], layer.conv.stride[0]
        missing = kernel - 1 if stride == 1 else kernel - stride  # sides are multiples of 32
        self.padding = (missing // 2, missing - missing // 2) * 2
        self.conv = HalfConv2d(layer.conv, *_affine(layer.norm))
        self.activate = layer.activate

    def forward(self, x: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch outputs rows columns"]:
        """Pad, convolve and cut."""
        y: Tensor = self.conv(F.pad(x, self.padding))
        return y.clamp(0.0, 6.0) if self.activate else y


def folded(network: FinderNetwork) -> FinderNetwork:
    """Return a copy whose batch norms are folded and whose convolutions keep float16 weights; for inference alone."""
    network = copy.deepcopy(network).eval()
    for parent in list(network.modules()):
        if isinstance(parent, Separable):
            parent.mix = HalfConv2d(parent.mix, *_affine(parent.norm))  # type: ignore[assignment]
            parent.norm = nn.Identity()  # type: ignore[assignment]
        for name, child in list(parent.named_children()):
            if isinstance(child, ConvNorm):
                setattr(parent, name, _Folded(child))
            elif type(child) is nn.Conv2d:
                setattr(parent, name, HalfConv2d(child))
    return network


TOLD = {"step": "steps", "averaged": "averaged"}


def export_finder(checkpoint: Checkpoint, folder: Path, card: dict[str, Any] | None = None) -> Path:
    """Write finder.onnx, its card and LICENSES.md to a folder; returns the graph's path.

    card: what is known of the model, its scores for example. The training's settings and data are added.
    Raises ModelError for a checkpoint of something else.
    """
    network = network_of(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    graph = _traced(folded(network))
    config = FinderConfig.from_json(checkpoint.values["finder"])
    further = list(dict.fromkeys(part for collection in config.cutouts for part in collection))
    datasets = [part for part in further if (Path(part) / MANIFEST).is_file()]
    data = data_of(tuple(dict.fromkeys((*config.data, *datasets))))
    training = config.to_json() | {
        "data": data,
        "photos": Path(config.photos).name,
        "cutouts": [[Path(part).name for part in collection] for collection in config.cutouts],
        "init": Path(config.init).name,
    }
    # Of a mean of two runs' weights, what `recipes/average_checkpoints.py` notes; of one run its steps.
    training |= {name: checkpoint.values[key] for key, name in TOLD.items() if key in checkpoint.values}
    about = {"format": "shapeshot-finder", "version": 1, "name": "finder", "training": training} | (card or {})
    about["sha256"] = hashlib.sha256(graph).hexdigest()
    atomic_write(folder / "finder.onnx", graph)
    atomic_write(folder / "finder.json", (json.dumps(about, indent=1) + "\n").encode())
    credits = _credits("Photographs", Path(config.photos), "backgrounds")
    pictures = [part for part in further if part not in datasets]
    credits += "".join(_credits("Cut-outs", Path(part), "objects") for part in pictures)
    atomic_write(folder / "LICENSES.md", (licences_text(about) + credits).encode())
    return folder / "finder.onnx"


def _credits(what: str, folder: Path, role: str) -> str:
    """Say where a folder's pictures come from that served as `role`, as the recipe that gathered them noted it."""
    lines = ["", f"## {what} in {folder.name}", ""]
    try:
        credits = json.loads((folder / "credits.json").read_text())
    except (OSError, ValueError):
        return "\n".join([*lines, "Not at hand when the finder was exported.", ""])
    packages: dict[str, list[str]] = {}
    for row in credits.values():
        packages.setdefault(f"{row['package']} ({row['licence']})", []).append(row["from"])
    lines += [f"- {package}: {len(names)} pictures" for package, names in packages.items()]
    return "\n".join([*lines, "", f"They served as {role}; none of them is part of the network.", ""])


def network_of(checkpoint: Checkpoint) -> FinderNetwork:
    """Return the averaged network of a finder's checkpoint. Raises ModelError where it is none."""
    if "finder" not in checkpoint.values or "ema" not in checkpoint.tensors:
        raise ModelError("this checkpoint is not of a finder; recipes/finder/train.py makes one")
    FinderConfig.from_json(checkpoint.values["finder"])
    network = FinderNetwork("none")
    try:
        network.load_state_dict(checkpoint.tensors["ema"])
    except RuntimeError as error:
        raise ModelError("this checkpoint is of another version of the finder; train it again") from error
    return network.eval()


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return a batch norm in evaluation as scale and shift of each channel."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _traced(network: FinderNetwork) -> bytes:
    side = TRACED_SIDE
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="shapeshot-") as room:
        warnings.simplefilter("ignore")  # of the tracer, about sizes that are constants
        path = Path(room) / "finder.onnx"
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, side, side), torch.zeros(1, 2, side, side)),
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={"pixels": free, "hints": free, "logits": {0: "batch", 1: "height", 2: "width"}},
            opset_version=OPSET,
            do_constant_folding=False,
            dynamo=False,
        )
        return path.read_bytes()
