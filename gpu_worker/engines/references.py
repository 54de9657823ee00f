"""FLUX.2 [klein] as an editor of several pictures at once."""

from typing import Any

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import Flux2KleinPipeline


class ReferencePerRow(Flux2KleinPipeline):
    """Gives each row of a batch the one picture of that row; the pipeline of diffusers gives each row all of them."""

    def prepare_image_latents(
        self,
        images: list[torch.Tensor],
        batch_size: int,
        generator: Any,
        device: torch.device,
        dtype: torch.dtype,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (B, H*W, C) of pictures (1, 3, H, W) of one size, and their places (B, H*W, 4)."""
        encoded = [
            self._encode_vae_image(image=image.to(device=device, dtype=dtype), generator=generator) for image in images
        ]
        places = self._prepare_image_ids(encoded[:1]).repeat(batch_size, 1, 1)
        return self._pack_latents(torch.cat(encoded)).to(device), places.to(device)
