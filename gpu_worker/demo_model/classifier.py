"""The judge's classifier: which of the things is on a picture (B, 3, 64, 64) in −1…1.

A small convolutional network, trained on emoji sets that the generator never saw. Its pictures are turned,
shifted, recoloured, blurred and crowded, since it must know a purple cat and the corner of a scene of two. What it
is asked about is left to judge.py.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpu_worker.demo_model.muon import Muon
from gpu_worker.demo_model.parallel import THREADS, accumulate, new_pool
from gpu_worker.demo_model.progress import Progress

_BATCH = 64  # on each of the two threads
_RATE = 2e-3
_SEED = 3
_GREY = (0.299, 0.587, 0.114)
# Where the other thing of a scene lies, seen from one thing's box of 38 pixels in 64.
_NEIGHBOUR_SHIFT = 2 * 26 / 38


def new_classifier(things: int) -> nn.Sequential:
    """Return an untrained network of 1 M parameters that gives logits (B, things)."""
    return nn.Sequential(
        nn.Conv2d(3, 48, 4, stride=4),
        *_layer(48, 64, stride=1),
        *_layer(64, 128, stride=2),
        *_layer(128, 128, stride=1),
        *_layer(128, 256, stride=2),
        *_layer(256, 256, stride=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(256, things),
    )


def train(model: nn.Module, sprites: Tensor, things: Tensor, *, steps: int) -> None:
    """Train in place on sprites (N, 4, 64, 64) with premultiplied alpha in 0…1 of the things (N,)."""
    generator = torch.Generator().manual_seed(_SEED)
    # A thing that few sets draw counts as much as one that all draw.
    weights = 1.0 / torch.bincount(things)[things]
    parameters = list(model.parameters())
    inner = [parameter for parameter in parameters if parameter.ndim == 4 and parameter.shape[1] > 3]
    outer = [parameter for parameter in parameters if not any(parameter is other for other in inner)]
    progress = Progress("classifier", total=steps)
    with new_pool() as pool:
        muon = Muon(inner, lr=_RATE, pool=pool)
        adam = torch.optim.AdamW(outer, lr=_RATE, weight_decay=0.0)
        for step in range(steps):
            drawn = [weights.multinomial(_BATCH, replacement=True, generator=generator) for _ in range(THREADS)]
            batches = [(_changed(sprites, indices, generator), things[indices]) for indices in drawn]
            loss = accumulate(pool, parameters, loss=partial(_loss, model), batches=batches)
            for optimizer in (muon, adam):
                for group in optimizer.param_groups:
                    group["lr"] = _RATE * (1 - step / steps)
                optimizer.step()
            progress.show(step + 1, loss=loss)


@torch.no_grad()
def classify(model: nn.Module, pictures: Tensor) -> list[int]:
    """Return the most likely thing of each picture (B, 3, 64, 64) in −1…1."""
    return model(pictures).argmax(1).tolist()


def _layer(inputs: int, outputs: int, *, stride: int) -> Sequence[nn.Module]:
    # Norms of a group need no statistics of a batch, which two threads would disturb.
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.GroupNorm(8, outputs), nn.SiLU()


def _loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(batch[0])
    return F.cross_entropy(logits.float(), batch[1], label_smoothing=0.1)


def _changed(sprites: Tensor, indices: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures (B, 3, 64, 64) in −1…1 of these sprites as a judge may meet them."""
    count = len(indices)
    one = _recoloured(_moved(sprites[indices], generator), generator)
    others = sprites[torch.randint(len(sprites), (count,), generator=generator)]
    side = torch.where(torch.rand(count, generator=generator) < 0.5, 1.0, -1.0) * _NEIGHBOUR_SHIFT
    other = _recoloured(_moved(others, generator, shift=side), generator)
    other = other * (torch.rand(count, 1, 1, 1, generator=generator) < 0.3)
    picture = _over(one, _over(other, _grounds(count, generator)))
    small = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2.0, mode="bilinear")
    blurred = torch.where(torch.rand(count, 1, 1, 1, generator=generator) < 0.4, small, picture)
    noise = torch.randn(blurred.shape, generator=generator)
    return blurred * 2 - 1 + 0.05 * noise


def _moved(sprites: Tensor, generator: torch.Generator, *, shift: Tensor | float = 0.0) -> Tensor:
    """Turn, scale, mirror and shift; shift adds as much along the falling diagonal, 2 being the whole side."""
    count = len(sprites)
    angle = (torch.rand(count, generator=generator) - 0.5) * 0.5
    scale = 0.85 + 0.45 * torch.rand(count, generator=generator)
    mirrored = torch.where(torch.rand(count, generator=generator) < 0.25, -1.0, 1.0)
    moves = 0.24 * (torch.rand(count, 2, generator=generator) - 0.5) - torch.as_tensor(shift).reshape(-1, 1)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = [torch.stack([cos * mirrored, -sin, moves[:, 0]], 1), torch.stack([sin * mirrored, cos, moves[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(sprites.shape), align_corners=False)
    return F.grid_sample(sprites.float(), grid, align_corners=False)


def _recoloured(sprites: Tensor, generator: torch.Generator) -> Tensor:
    """Turn the hues of half of them, and change strength and lightness of the colours a little."""
    count = len(sprites)
    turned = torch.rand(count, generator=generator) < 0.5
    angle = torch.where(turned, 6.283, 0.3) * (torch.rand(count, generator=generator) - 0.5)
    strength = 0.5 + 0.8 * torch.rand(count, generator=generator)
    light = 0.8 + 0.35 * torch.rand(count, 1, 1, 1, generator=generator)
    grey = torch.tensor(_GREY).expand(3, 3)
    axis = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 3**0.5
    turn = angle.cos()[:, None, None] * (torch.eye(3) - grey) + angle.sin()[:, None, None] * axis
    matrix = grey + strength[:, None, None] * turn
    alpha = sprites[:, 3:]
    rgb = torch.einsum("bij,bjhw->bihw", matrix, sprites[:, :3]) * light
    return torch.cat([rgb.clamp_min(0).minimum(alpha), alpha], 1)


def _over(sprite: Tensor, ground: Tensor) -> Tensor:
    return sprite[:, :3] + (1 - sprite[:, 3:]) * ground


def _grounds(count: int, generator: torch.Generator) -> Tensor:
    colours = torch.rand(count, 3, 1, 1, generator=generator)
    white = torch.rand(count, 1, 1, 1, generator=generator) < 0.85
    return torch.where(white, torch.ones_like(colours), colours).expand(-1, -1, 64, 64)
