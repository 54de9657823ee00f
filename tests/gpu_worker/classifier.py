"""A real classifier, small enough to be trained here: red pictures are unsafe."""

from pathlib import Path

import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

RED, BLUE = (Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))


def save_classifier(path: Path) -> None:
    """Write the folder of a classifier in the format that hubs have, which tells red from blue."""
    torch.manual_seed(3)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=16,
        id2label={0: "normal", 1: "nsfw"},
        label2id={"normal": 0, "nsfw": 1},
    )
    model = ViTForImageClassification(config)
    processor = ViTImageProcessorPil(size={"height": 32, "width": 32})
    pixels = processor(images=[BLUE, RED], return_tensors="pt")["pixel_values"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(30):
        optimizer.zero_grad()
        model(pixel_values=pixels, labels=torch.tensor([0, 1])).loss.backward()
        optimizer.step()
    model.save_pretrained(path)
    processor.save_pretrained(path)
