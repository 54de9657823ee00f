"""The autoencoder: pictures (B, 3, 64, 64) in −1…1 to latents (B, 8, 16, 16) and back.

A tiny AutoencoderTiny of diffusers. Pipelines of the Stable Diffusion family ignore a latent shift, so the
latents are brought to mean 0 and standard deviation 0.5 inside the encoder's last convolution, and a
scaling factor of 2 makes them unit for the UNet.
"""

import math
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.nn import functional as F

from gpu_worker.demo_model.muon import Muon
from gpu_worker.demo_model.parallel import THREADS, accumulate, new_pool
from gpu_worker.demo_model.pictures import Bytes
from gpu_worker.demo_model.progress import Progress

LATENT_CHANNELS = 8
LATENT_SIDE = 16
_LATENT_STD = 0.5
# Held-out pictures must come back at least this well, in dB, or the UNet learns blur.
LOWEST_PSNR = 28.0
_BATCH = 12  # on each of the two threads
_ENCODED_AT_ONCE = 64
_RATE = 2e-3
_NOISE = 0.02
# Late enough that the latents hardly drift afterwards, early enough to settle again.
_NORMALISED_SHARE = 0.8


def new_autoencoder() -> AutoencoderTiny:
    """Return an untrained autoencoder of 0.3 M parameters."""
    return AutoencoderTiny(
        latent_channels=LATENT_CHANNELS,
        encoder_block_out_channels=(48, 48, 48),
        decoder_block_out_channels=(32, 32, 32),
        num_encoder_blocks=(0, 1, 2),
        num_decoder_blocks=(2, 1, 1),
        scaling_factor=1.0 / _LATENT_STD,
    )


def to_tensor(pictures: Bytes) -> Tensor:
    """Return pictures (B, 64, 64, 3) as (B, 3, 64, 64) in −1…1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1.0


def train(model: AutoencoderTiny, draw: Callable[[int], Bytes], *, steps: int, device: str = "cpu") -> None:
    """Train in place on pictures (B, 64, 64, 3) that draw gives for a batch size; the model stays on the device."""
    torch.manual_seed(0)
    model.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    pool, parameters = new_pool(), list(model.parameters())
    optimizers = _optimizers(model, pool)
    progress, normalised_at = Progress("autoencoder", total=steps), int(steps * _NORMALISED_SHARE)
    for step in range(steps):
        if step == normalised_at:
            _normalise(model, to_tensor(draw(128)).to(device))
        batches = [to_tensor(draw(_BATCH)).to(device) for _ in range(THREADS)]
        loss = accumulate(pool, parameters, loss=partial(_loss_of, model), batches=batches)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = _RATE * _cosine(step / steps)
            optimizer.step()
        progress.show(step + 1, loss=loss)
    model.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]


@torch.no_grad()
def psnr(model: AutoencoderTiny, pictures: Bytes) -> float:
    """Return the mean peak signal-to-noise ratio in dB of pictures (B, 64, 64, 3)."""
    wanted = to_tensor(pictures).to(model.device)
    got = model.decode(model.encode(wanted).latents).sample.clamp(-1, 1)
    errors = ((got - wanted) / 2).square().mean((1, 2, 3)).clamp_min(1e-10)
    return float((-10 * errors.log10()).mean())


def encode_all(model: AutoencoderTiny, pictures: Bytes, path: Path) -> None:
    """Write the scaled latents (N, 8, 16, 16) of all pictures as float16 to path."""
    latents = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float16, shape=(len(pictures), LATENT_CHANNELS, LATENT_SIDE, LATENT_SIDE)
    )

    @torch.no_grad()
    def encode(start: int) -> int:
        batch = to_tensor(pictures[start : start + _ENCODED_AT_ONCE]).to(model.device)
        found = model.encode(batch).latents / _LATENT_STD
        latents[start : start + len(batch)] = found.half().cpu().numpy()
        return start + len(batch)

    progress = Progress("latents", total=len(pictures))
    with new_pool() as pool:
        for done in pool.map(encode, range(0, len(pictures), _ENCODED_AT_ONCE)):
            progress.show(done)


def _optimizers(model: AutoencoderTiny, pool: Executor) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions inside, AdamW for biases and for those at picture and latents."""
    muon: list[nn.Parameter] = []
    adam: list[nn.Parameter] = []
    for parameter in model.parameters():
        inside = parameter.ndim > 1 and min(parameter.shape[:2]) > LATENT_CHANNELS
        (muon if inside else adam).append(parameter)
    return [Muon(muon, lr=_RATE, pool=pool), torch.optim.AdamW(adam, lr=_RATE, betas=(0.9, 0.99), fused=True)]


def _loss_of(model: AutoencoderTiny, pictures: Tensor) -> Tensor:
    with torch.autocast(pictures.device.type, torch.bfloat16):
        latents = model.encode(pictures).latents
        got = model.decode(latents + _NOISE * torch.randn_like(latents)).sample
    return _loss(got.float(), pictures)


def _loss(got: Tensor, wanted: Tensor) -> Tensor:
    """Gradients count on their own: without them the edges of flat areas stay soft."""
    across = F.l1_loss(got.diff(dim=3), wanted.diff(dim=3))
    down = F.l1_loss(got.diff(dim=2), wanted.diff(dim=2))
    return 2 * F.mse_loss(got, wanted) + 0.25 * F.l1_loss(got, wanted) + 0.15 * (across + down)


@torch.no_grad()
def _normalise(model: AutoencoderTiny, pictures: Tensor) -> None:
    """Fold mean and deviation of the latents into the encoder's last and the decoder's first layer."""
    latents = model.encode(pictures).latents
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    scale = std / _LATENT_STD
    last, first = _conv(model.encoder.layers[-1]), _conv(model.decoder.layers[0])
    last.weight /= scale[:, None, None, None]
    _bias(last).sub_(mean).div_(scale)
    _bias(first).add_(torch.einsum("oihw,i->o", first.weight, mean))
    first.weight *= scale[None, :, None, None]


def _conv(layer: nn.Module) -> nn.Conv2d:
    if not isinstance(layer, nn.Conv2d):
        msg = f"expected a convolution at the latents, found {type(layer).__name__}"
        raise TypeError(msg)
    return layer


def _bias(layer: nn.Conv2d) -> Tensor:
    if layer.bias is None:
        msg = "the convolutions at the latents need a bias"
        raise TypeError(msg)
    return layer.bias


def _cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
