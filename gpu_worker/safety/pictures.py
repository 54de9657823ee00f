"""Judges finished pictures with an image classifier; which classifier an operator trusts is a setting."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image

from contract.messages import Safety
from gpu_worker.failures import TaskFailure

log = logging.getLogger(__name__)


class Unfit(ValueError):
    """A folder that holds no classifier of the wanted labels; a sentence for the operator."""


class PictureCheck:
    """A classifier in the format of transformers, from safetensors on this machine; may be called from any thread."""

    def __init__(self, folder: Path, *, unsafe: Sequence[str], threshold: float, device: str = "cpu") -> None:
        """`unsafe` are the labels that count against a picture, `threshold` their sum from which it is refused.

        Raises Unfit.
        """
        import torch
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        self._torch = torch
        try:
            self._model: Any = AutoModelForImageClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
            self._processor: Any = AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, backend="pil"
            )
        except (OSError, ValueError) as error:
            raise Unfit(f"{folder} holds no image classifier: {error}") from None
        labels: dict[int, str] = self._model.config.id2label
        self._columns = [index for index, label in labels.items() if label in unsafe]
        unknown = sorted(set(unsafe) - set(labels.values()))
        if unknown or not self._columns:  # a label that is misspelt would let pass what it was to keep out
            raise Unfit(f"the classifier in {folder} knows none of {unknown}, only {list(labels.values())}")
        self._model.to(device).eval()
        self._device = device
        self._threshold = threshold
        self._name = folder.name
        self._lock = threading.Lock()

    def verdict(self, pictures: Sequence[Image]) -> Safety:
        """How unsafe the worst of these pictures is."""
        with self._lock, self._torch.inference_mode():
            inputs = self._processor(images=[picture.convert("RGB") for picture in pictures], return_tensors="pt")
            logits = self._model(**inputs.to(self._device)).logits
            shares = logits.float().softmax(-1)[:, self._columns].sum(-1)
        score = min(1.0, float(shares.max()))
        return Safety(checker=self._name, score=score, passed=score < self._threshold)


class Guard:
    """Lets pictures pass that the check lets pass; without a check, or with a broken one, as the setting says."""

    def __init__(self, check: PictureCheck | None, *, required: bool) -> None:
        self._check = check
        self._required = required

    def judge(self, pictures: Sequence[Image]) -> Safety | None:
        """The verdict on an output's pictures, None where nobody judged; raises TaskFailure for refused ones."""
        if not pictures:
            return None
        verdict = self._verdict(pictures)
        if verdict is None and self._required:
            detail = "The picture could not be checked, and this site shows none unchecked."
            raise TaskFailure("safety_unavailable", detail, retryable=True)
        if verdict and not verdict.passed:
            detail = "The safety check of this site did not let the picture pass. Change the prompt or the seed."
            raise TaskFailure("picture_refused", detail, safety=verdict)
        return verdict

    def _verdict(self, pictures: Sequence[Image]) -> Safety | None:
        if self._check is None:
            return None
        try:
            return self._check.verdict(pictures)
        except Exception:
            log.exception("safety check broke")
            return None
