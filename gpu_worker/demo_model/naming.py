"""A last layer for the text encoder, which calls a thing by its name where a caption only describes it.

The UNet draws what it was shown under a name. A picture teaches slowly which other words mean the same, a label at
once: so this layer learns from captions alone which thing they are about, and for "a long yellow fruit" it gives the
UNet the embedding of "a banana". Captions of colours, of grounds and of two things stay as they are.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertModel, PreTrainedTokenizerBase

from gpu_worker.demo_model.embed import TOKENS, WIDTH, embed
from gpu_worker.demo_model.progress import Progress
from gpu_worker.demo_model.sampling import Named
from gpu_worker.demo_model.things import Thing
from gpu_worker.engines.articles import with_article

# What is not to be named is as often seen as what is.
SHARES = {"original": 0.2, "recolour": 0.17, "noto": 0.04, "pair": 0.17, "ground": 0.06, "described": 0.36}
_FILE = "naming.safetensors"
_NAME_PLACE = 2
"""Of the name in "a banana": the first token begins every caption, the second is the article."""
_INNER_WIDTH = 512
_LENGTH = 12.0
_DROPOUT = 0.2
_BATCH = 512
_RATE = 2e-3
_FALLING_SHARE = 0.7
_SMOOTHING = 0.1


class NamingLayer(nn.Module):
    """Puts the tokens (B, 24, 384) of "a <name>" in the place of those of a caption that is about one thing.

    It reads the mean of the tokens, for which MiniLM was trained (Reimers and Gurevych, arXiv:1908.10084).
    """

    names: Tensor
    frame: Tensor

    def __init__(self, things: int) -> None:
        super().__init__()
        self.reader = nn.Sequential(
            nn.Linear(WIDTH, _INNER_WIDTH), nn.GELU(), nn.Dropout(_DROPOUT), nn.Linear(_INNER_WIDTH, 1 + things)
        )
        self.register_buffer("names", torch.zeros(things, WIDTH))
        self.register_buffer("frame", torch.zeros(TOKENS, WIDTH))

    def read(self, tokens: Tensor) -> Tensor:
        """Return scores (B, 1 + N): first for leaving the caption as it is, then for each thing."""
        return self.reader(_LENGTH * F.normalize(tokens.mean(1), dim=1))

    def forward(self, tokens: Tensor, *_masks: object, **_more: object) -> Tensor:
        """Return tokens of the same shape; it takes and passes over what the encoder gives each of its layers."""
        thing = self.read(tokens).argmax(1) - 1
        named = self.frame.repeat(len(tokens), 1, 1)
        named[:, _NAME_PLACE] = self.names[thing]
        return torch.where((thing >= 0)[:, None, None], named, tokens)


def add_to(encoder: BertModel, layer: NamingLayer) -> BertModel:
    """Return the encoder with the layer behind its last one."""
    encoder.encoder.layer.append(layer)
    return encoder


def new_layer(things: list[Thing], *, tokenizer: PreTrainedTokenizerBase, encoder: BertModel) -> NamingLayer:
    """Return a layer that has seen no caption; how names look comes from the encoder itself.

    A name of several tokens is their mean, and all around it is the mean of the things with names of one token.
    """
    phrases = [with_article(thing.name, thing.name) for thing in things]
    tokens = embed(phrases, tokenizer=tokenizer, encoder=encoder)
    layer, short = NamingLayer(len(things)), list[Tensor]()
    for number, (thing, phrase) in enumerate(zip(things, phrases, strict=True)):
        end = len(tokenizer(phrase).input_ids) - 1
        count = len(tokenizer(thing.name, add_special_tokens=False).input_ids)
        layer.names[number] = tokens[number, end - count : end].mean(0)
        if (count, end) == (1, _NAME_PLACE + 1):
            short.append(tokens[number])
    layer.frame.copy_(torch.stack(short).mean(0))
    return layer


def train(layer: NamingLayer, draw: Callable[[int], Named], *, steps: int) -> None:
    """Teach a layer which captions are about which thing."""
    optimizer = torch.optim.AdamW(layer.reader.parameters(), lr=_RATE, weight_decay=0.01)
    progress = Progress("text", total=steps)
    layer.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (1 - step / steps) / _FALLING_SHARE)
        batch = draw(_BATCH)
        loss = F.cross_entropy(layer.read(batch.texts), batch.things + 1, label_smoothing=_SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress.show(step + 1, loss=loss.item())
    layer.eval()


def save(layer: NamingLayer, folder: Path) -> None:
    """Write the layer in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.half().contiguous() for name, value in layer.state_dict().items()}, folder / _FILE)


def load(folder: Path) -> NamingLayer:
    """Return the layer that save wrote, in fp32 and frozen."""
    state = {name: value.float() for name, value in load_file(folder / _FILE).items()}
    layer = NamingLayer(len(state["names"]))
    layer.load_state_dict(state)
    return layer.eval().requires_grad_(False)
