"""From image tokens to three feature planes in the canonical cube, and from those to a field of occupancy and colour.

The representation is Chan et al., "Efficient geometry-aware 3D GANs" (CVPR 2022); learned queries that read the image
by cross-attention follow Hong et al., "LRM" (ICLR 2024), at a thousandth of the size.

`planes[:, k, :, i, j]` holds plane k of PLANE_AXES: i runs along its first axis and j along its second, both from
-0.5 to 0.5; the centre of cell i of R is (i + 0.5) / R - 0.5, as for voxels. Between centres values are bilinear and
beyond the outermost centres constant (grid_sample's align_corners=False with border padding).
"""

from __future__ import annotations

from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from shapeshot.errors import ModelError
from shapeshot.lab.decoders.decoder import Decoder, require_heads
from shapeshot.lab.encoders.encoder import EncoderOutput

PLANE_AXES = ((0, 1), (1, 2), (0, 2))  # xy, yz, xz
UPSAMPLING = 4  # plane resolution over query resolution


class Attention(nn.Module):
    """Multi-head attention of queries [batch, n, width] over a context [batch, m, width] (Vaswani et al., 2017)."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def forward(
        self, x: Float[Tensor, "#batch n width"], context: Float[Tensor, "batch m width"]
    ) -> Float[Tensor, "batch n width"]:
        key, value = self.key_value(context).chunk(2, dim=-1)
        query, key, value = (self._split(part) for part in (self.query(x), key, value))
        # Written out: on a CPU the backward pass of scaled_dot_product_attention takes 1.5 to 3 times as long.
        weights = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(dim=-1)
        mixed: Tensor = self.output((weights @ value).transpose(1, 2).flatten(2))
        return mixed

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, int(x.shape[1]), self.num_heads, int(x.shape[2]) // self.num_heads).transpose(1, 2)


class Block(nn.Module):
    """A pre-norm transformer block: plane tokens attend to the image, then to each other, and pass through an MLP."""

    def __init__(self, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.cross_attention = Attention(width, num_heads)
        self.self_attention = Attention(width, num_heads)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "#batch n width"], image: Float[Tensor, "batch m width"]
    ) -> Float[Tensor, "batch n width"]:
        x = x + self.dropout(self.cross_attention(self.norms[0](x), image))
        normed = self.norms[1](x)
        x = x + self.dropout(self.self_attention(normed, normed))
        x = x + self.dropout(self.mlp(self.norms[2](x)))
        return x


class Upsampler(nn.Module):
    """Enlarges planes four times along each side: twice a doubling and a 3 x 3 convolution."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        middle = 2 * channels
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(width, middle, 2, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, middle, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(middle, channels, 2, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        # PyTorch's own start shrinks the signal at each layer, and planes near zero learn slowly.
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            elif isinstance(layer, nn.ConvTranspose2d):  # a stride equal to the kernel: one tap for each output
                nn.init.normal_(layer.weight, std=(2.0 / layer.in_channels) ** 0.5)

    def forward(self, x: Float[Tensor, "batch width r r"]) -> Float[Tensor, "batch channels R R"]:
        grown: Tensor = self.layers(x.contiguous(memory_format=torch.channels_last))
        return grown


class TriplaneField(nn.Module):
    """Computes the field's value at a point: two small networks on the sum of what the three planes hold there.

    The sum is linear in the planes, so the planes themselves act as the networks' first layer and it is the ReLU that
    comes first here. That is what makes a regular grid cheap: see `grid`.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.occupancy = nn.Sequential(nn.ReLU(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.color = nn.Sequential(nn.ReLU(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, 3))

    def at(
        self, planes: Float[Tensor, "batch 3 C R R"], points: Float[Tensor, "batch points 3"]
    ) -> tuple[Float[Tensor, "batch points"], Float[Tensor, "batch points 3"]]:
        """Evaluate the field at points of the canonical cube: occupancy logits, and sRGB in 0..1."""
        return self.evaluate(sample_planes(planes, points))

    def evaluate(
        self, features: Float[Tensor, "*places C"]
    ) -> tuple[Float[Tensor, "*places"], Float[Tensor, "*places 3"]]:
        """Turn summed plane values into occupancy logits, and sRGB in 0..1."""
        return self.occupancy(features).squeeze(-1).float(), torch.sigmoid(self.color(features).float())

    def grid(
        self,
        planes: Float[Tensor, "batch 3 C R R"],
        xs: Float[Tensor, " x"],
        ys: Float[Tensor, " y"],
        zs: Float[Tensor, " z"],
    ) -> Float[Tensor, "batch x y z"]:
        """Evaluate the occupancy logits where the coordinates xs, ys and zs cross; equal to those of `at` there.

        Each plane is resampled once to the two axes that it sees; no cell is looked up by itself.
        """
        axes = [interpolation_matrix(values, int(planes.shape[-1])) for values in (xs, ys, zs)]
        xy, yz, xz = (
            (axes[first] @ planes[:, plane] @ axes[second].T).permute(0, 2, 3, 1)
            for plane, (first, second) in enumerate(PLANE_AXES)
        )
        features = xy[:, :, :, None] + yz[:, None] + xz[:, :, None]
        logits: Tensor = self.occupancy(features).squeeze(-1)
        return logits.float()


class TriplaneDecoder(Decoder):
    """Learned queries, one for each coarse cell of each plane, read the image tokens and grow into planes.

    token_channels, pooled_channels, num_tokens: what the encoder gives for one image.
    width, depth, num_heads: of the transformer. channels, resolution: of the planes; hidden: of the field's networks.
    Raises ModelError where `resolution` is not a multiple of 4 or `width` not one of `num_heads`.
    """

    kind = "field"
    reads_tokens = True
    has_mirror = True

    def __init__(
        self,
        token_channels: int,
        pooled_channels: int,
        num_tokens: int,
        *,
        width: int = 256,
        depth: int = 4,
        num_heads: int = 4,
        channels: int = 64,
        resolution: int = 32,
        hidden: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        require_heads(width, num_heads)
        if resolution % UPSAMPLING:
            raise ModelError(f"resolution must be a multiple of {UPSAMPLING}; got {resolution}")
        self.width, self.channels, self.resolution = width, channels, resolution
        self.coarse = resolution // UPSAMPLING
        self.read_tokens = nn.Linear(token_channels, width)
        self.read_pooled = nn.Linear(pooled_channels, width)
        self.positions = nn.Parameter(torch.randn(1, num_tokens, width) * 0.02)
        self.image_norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(1, len(PLANE_AXES) * self.coarse**2, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, num_heads, dropout) for _ in range(depth))
        self.final_norm = nn.LayerNorm(width)
        self.upsampler = Upsampler(width, channels)
        self.field = TriplaneField(channels, hidden)

    def forward(self, encoded: EncoderOutput) -> Float[Tensor, "batch 3 C R R"]:
        """Draw the planes of each image of the batch."""
        tokens = self.read_tokens(encoded.tokens) + self.positions
        image = self.image_norm(torch.cat([tokens, self.read_pooled(encoded.pooled)[:, None]], dim=1))
        x = self.queries
        for block in self.blocks:
            x = block(x, image)
        coarse = self.final_norm(x).reshape(-1, self.coarse, self.coarse, self.width).permute(0, 3, 1, 2)
        planes: Tensor = self.upsampler(coarse)
        return planes.reshape(-1, len(PLANE_AXES), self.channels, self.resolution, self.resolution).float()

    @staticmethod
    def mirror(output: Float[Tensor, "batch 3 C R R"]) -> Float[Tensor, "batch 3 C R R"]:
        """Turn planes into those of the shape in the mirror: the planes that see x are turned round along it."""
        planes = output.unbind(dim=1)
        return torch.stack(
            [
                plane.flip(axes.index(0) - 2) if 0 in axes else plane
                for plane, axes in zip(planes, PLANE_AXES, strict=True)
            ],
            dim=1,
        )


def sample_planes(
    planes: Float[Tensor, "batch 3 C R R"], points: Float[Tensor, "batch points 3"]
) -> Float[Tensor, "batch points C"]:
    """Sum the bilinear values of the three planes at points of the canonical cube."""
    # grid_sample's last axis is (column, row), so the second axis of a plane comes first; 2 p maps the cube to [-1, 1].
    where = torch.stack([points[..., [second, first]] for first, second in PLANE_AXES], dim=1) * 2
    values: Tensor = F.grid_sample(
        planes.flatten(0, 1), where.flatten(0, 1)[:, None], padding_mode="border", align_corners=False
    )
    each: Tensor = values.squeeze(2).unflatten(0, (-1, len(PLANE_AXES)))
    return each.sum(dim=1).transpose(1, 2)


def gather_planes(planes: Float[Tensor, "3 C R R"], points: Float[Tensor, "points 3"]) -> Float[Tensor, "points C"]:
    """Do what `sample_planes` does for one image, as a weighted sum of twelve rows of a table.

    Three times as fast as GridSample in ONNX Runtime; in training, `sample_planes` is the faster.
    """
    channels, resolution = int(planes.shape[1]), int(planes.shape[-1])
    cells = ((points + 0.5) * resolution - 0.5).clamp(0, resolution - 1)
    lower = cells.floor().clamp(max=resolution - 2)
    upper_weight, index = cells - lower, lower.long()
    sides = ((index, 1 - upper_weight), (index + 1, upper_weight))
    rows, weights = [], []
    for plane, (first, second) in enumerate(PLANE_AXES):
        for (i, weight_i), (j, weight_j) in product(sides, sides):
            rows.append((plane * resolution + i[:, first]) * resolution + j[:, second])
            weights.append(weight_i[:, first] * weight_j[:, second])
    table = planes.permute(0, 2, 3, 1).reshape(-1, channels)
    return (torch.stack(weights, dim=-1)[:, None] @ table[torch.stack(rows, dim=-1)])[:, 0]


def interpolation_matrix(coordinates: Float[Tensor, " n"], resolution: int) -> Float[Tensor, "n {resolution}"]:
    """Make the weights that interpolate linearly from cell centres to `coordinates` along one axis."""
    cells = ((coordinates + 0.5) * resolution - 0.5).clamp(0, resolution - 1)
    centers = torch.arange(resolution, device=coordinates.device, dtype=cells.dtype)
    return (1 - (cells[:, None] - centers).abs()).clamp(min=0)
