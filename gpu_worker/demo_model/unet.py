"""The UNet: predicts the flow from latents to noise, and learns it from latents and caption embeddings.

Flow matching (Lipman et al., arXiv:2210.02747; Esser et al., arXiv:2403.03206): x_t = (1 − t)·latent + t·noise,
the target is noise − latent. Decoding and text are left to autoencoder.py and embed.py.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from torch.nn import functional as F

from gpu_worker.demo_model.autoencoder import LATENT_CHANNELS, LATENT_SIDE
from gpu_worker.demo_model.embed import WIDTH
from gpu_worker.demo_model.muon import Muon
from gpu_worker.demo_model.parallel import THREADS, accumulate, new_pool
from gpu_worker.demo_model.progress import Progress
from gpu_worker.demo_model.sampling import Pictured

# Share of each pool in a batch: originals fix what a thing is, two-object pictures need the most variety.
# Descriptions come to it as names.
SHARES = {"original": 0.3, "recolour": 0.17, "noto": 0.03, "pair": 0.45, "ground": 0.05, "described": 0.0}
_BATCH = {"cpu": 24, "cuda": 128}  # on each of the two threads
TIMESTEPS = 1000
_RATE = 2e-3
_CONSTANT_SHARE = 0.4
_EMA = 0.999
_SAVE_SECONDS = 240.0
# Embeddings of time and pooled text and the outer layers are not matrices of features: AdamW takes them.
_NOT_MUON = ("conv_in", "conv_out", "time_embedding", "time_emb_proj", "add_embedding")


def new_unet() -> UNet2DConditionModel:
    """Return an untrained UNet of 11 M parameters with text attention at 8×8, 4×4 and in the middle."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(64, 128, 176),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(1, 2, 2),
        norm_num_groups=16,
        cross_attention_dim=WIDTH,
        # Pools the text into the time embedding without asking the pipeline for a further input.
        addition_embed_type="text",
        resnet_time_scale_shift="scale_shift",
    )


class Trainer:
    """A UNet in training with its averaged copy, its optimizers and the seconds spent so far.

    Starts from nothing, or from the fp16 weights that an earlier training wrote to the folder start_from;
    optimizers and time begin anew in both cases.
    """

    def __init__(self, folder: Path, *, start_from: Path | None = None, device: str = "cpu") -> None:
        torch.manual_seed(0)
        self._path, self._device = folder / "unet.pt", torch.device(device)
        self.unet, self.average = new_unet(), new_unet()
        if start_from is not None:
            self.unet.load_state_dict(_weights(start_from))
        self.average.load_state_dict(self.unet.state_dict())
        for model in (self.unet, self.average):
            model.to(self._device)  # pyright: ignore[reportArgumentType]
        # The backward pass of the fused attention is slow on a CPU for sequences this short.
        self.unet.set_attn_processor(AttnProcessor())
        self._pool = new_pool()
        self._parameters = list(self.unet.parameters())
        muon, adam = _split(self.unet)
        self._optimizers = [
            Muon(muon, lr=_RATE, pool=self._pool),
            torch.optim.AdamW(adam, lr=_RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=True),
        ]
        self._steps, self._seconds = 0, 0.0

    def resume(self) -> None:
        """Take up the last checkpoint, if there is one."""
        if not self._path.exists():
            return
        saved = torch.load(self._path, weights_only=True, map_location=self._device)
        self.unet.load_state_dict(saved["unet"])
        self.average.load_state_dict(saved["average"])
        for optimizer, state in zip(self._optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self._steps, self._seconds = saved["steps"], saved["seconds"]

    def train(self, draw: Callable[[int], Pictured], *, minutes: float) -> None:
        """Train until so many minutes are spent in all; the rate follows the share of them.

        Minutes and not steps, because the machine is often shared: the rate still falls to zero in time.
        """
        budget, last_saved, loss = minutes * 60, time.monotonic(), 0.0
        progress = Progress("unet", total=int(budget), done=int(self._seconds))
        while self._seconds < budget:
            start = time.monotonic()
            self._set_rate(falling_rate(self._seconds / budget))
            drawn = self._pool.map(draw, [_BATCH[self._device.type]] * THREADS)
            now = self._step([batch.on(self._device) for batch in drawn])
            loss = loss + 0.01 * (now - loss) if loss else now
            self._seconds += time.monotonic() - start
            progress.show(int(self._seconds), loss=loss, step=self._steps)
            if time.monotonic() - last_saved > _SAVE_SECONDS:
                self.save()
                last_saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint; a crash in the middle leaves the former one."""
        state: dict[str, Any] = {
            "unet": self.unet.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "steps": self._steps,
            "seconds": self._seconds,
        }
        part = self._path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._path)

    def _step(self, batches: list[Pictured]) -> float:
        loss = accumulate(self._pool, self._parameters, loss=partial(flow_loss, self.unet), batches=batches)
        for optimizer in self._optimizers:
            optimizer.step()
        self._steps += 1
        self._average(min(_EMA, (1 + self._steps) / (10 + self._steps)))
        return loss

    @torch.no_grad()
    def _average(self, decay: float) -> None:
        slow, fast = list(self.average.parameters()), list(self.unet.parameters())
        torch._foreach_lerp_(slow, fast, 1 - decay)

    def _set_rate(self, share: float) -> None:
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = _RATE * share


def flow_loss(unet: UNet2DConditionModel, batch: Pictured) -> Tensor:
    """Return the mean squared error of the predicted flow at random times, more of them noisy ones."""
    noise = torch.randn_like(batch.latents)
    t = torch.sigmoid(torch.randn(len(noise), device=noise.device) + 0.6)
    mixed = torch.lerp(batch.latents, noise, t[:, None, None, None])
    with torch.autocast(noise.device.type, torch.bfloat16):
        flow = unet(mixed, t * TIMESTEPS, encoder_hidden_states=batch.texts, return_dict=False)[0]
    return F.mse_loss(flow.float(), noise - batch.latents)


def _weights(folder: Path) -> dict[str, Tensor]:
    unet = UNet2DConditionModel.from_pretrained(
        folder / "unet", local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    return unet.state_dict()


def _split(unet: UNet2DConditionModel) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the matrices for Muon and all other parameters."""
    muon: list[nn.Parameter] = []
    adam: list[nn.Parameter] = []
    for name, parameter in unet.named_parameters():
        apart = parameter.ndim < 2 or any(part in name for part in _NOT_MUON)
        (adam if apart else muon).append(parameter)
    return muon, adam


def falling_rate(share: float) -> float:
    """Constant at first, then half a cosine to zero."""
    if share < _CONSTANT_SHARE:
        return 1.0
    rest = (share - _CONSTANT_SHARE) / (1 - _CONSTANT_SHARE)
    return 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))
