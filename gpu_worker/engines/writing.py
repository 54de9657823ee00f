"""Writes several texts at once, each as if it were alone; what the model reads is left to `text` and `caption`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.nn.functional import pad
from transformers import DynamicCache

from gpu_worker.engines.base import OnStep, Row
from gpu_worker.engines.sampling import choose
from gpu_worker.failures import TaskFailure

_SHORTEST = 64


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn."""

    max_tokens: int
    temperature: float
    top_p: float


class Writer(ABC):
    """A model that answers several prompts at once.

    A row's bytes do not depend on the others of its batch: each prompt is read alone; the answers are then written
    in a batch of fixed rows and fixed length, over whose padding no attention goes. SDPA's kernel for CPUs gives
    other last bits for other places in a batch (measured on torch 2.13), so the answers use plain matrix products.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """ValueError for a model that forgets the beginning of a long prompt: its rows could not be padded."""
        config = model.config.get_text_config()
        if set(getattr(config, "layer_types", None) or ()) - {"full_attention"}:
            raise ValueError(f"{config.model_type}: only models with full attention in each layer are supported")
        self._model = model
        self._tokenizer = tokenizer
        self._context: int = config.max_position_embeddings
        self._ends = _end_tokens(model, tokenizer)
        self.tokens = 0

    @abstractmethod
    def _inputs(self, row: Row) -> dict[str, torch.Tensor]:
        """What the model reads for a row: `input_ids` (1, T), and what else it takes."""

    @abstractmethod
    def _length(self, row: Row) -> int:
        """How many tokens those are."""

    @abstractmethod
    def _sampling(self, row: Row) -> Sampling:
        """How the row's answer is drawn."""

    def key(self, row: Row) -> int:
        """The length to which the row's prompt is padded; raises TaskFailure beyond the model's context."""
        tokens, answer = self._length(row), self._sampling(row).max_tokens
        if tokens + answer > self._context:
            raise TaskFailure(
                "prompt_too_long",
                f"The prompt has {tokens} tokens; with {answer} for the answer that is more than "
                f"the {self._context} this model can hold.",
            )
        return max(_SHORTEST, 1 << (tokens - 1).bit_length())

    def run(self, rows: Sequence[Row], *, size: int, on_step: OnStep) -> Iterator[tuple[int, str]]:
        """The answers, each as soon as it ends."""
        length = self.key(rows[0])
        answers = [_Answer(self._sampling(row), row.seed, ends=self._ends) for row in rows]
        with torch.inference_mode():
            prompts = [self._read(row, answer) for row, answer in zip(rows, answers, strict=True)]
            self.tokens += len(answers)
            batch = _Batch(self._model, prompts, length=length, size=max(size, len(rows)))
        open_rows = dict(enumerate(answers))
        while open_rows:
            for i, answer in list(open_rows.items()):
                if answer.is_done:
                    yield i, self._text(answer)
                    del open_rows[i]
                elif not on_step(i, len(answer.tokens) / answer.sampling.max_tokens):
                    del open_rows[i]
            if open_rows:
                logits = batch.step({i: answer.tokens[-1] for i, answer in open_rows.items()})
                self.tokens += len(open_rows)
                for i, answer in open_rows.items():
                    answer.add(logits[i])

    def _read(self, row: Row, answer: "_Answer") -> DynamicCache:
        """The keys and values of the prompt; also draws the first token of the answer."""
        self._model.set_attn_implementation("sdpa")
        cache = DynamicCache(config=self._model.config)
        out = self._model(**self._inputs(row), past_key_values=cache, logits_to_keep=1)
        answer.add(out.logits[0, -1])
        return cache

    def _text(self, answer: "_Answer") -> str:
        return self._tokenizer.decode(answer.tokens, skip_special_tokens=True).strip()


class _Answer:
    """The tokens of one row so far, and what draws the next one."""

    def __init__(self, sampling: Sampling, seed: int, *, ends: frozenset[int]) -> None:
        self.sampling = sampling
        self.tokens: list[int] = []
        self.is_done = False
        self._ends = ends
        # On the CPU whatever the model runs on: one seed draws the same noise everywhere.
        self._generator = torch.Generator("cpu").manual_seed(seed)

    def add(self, logits: torch.Tensor) -> None:
        """Draw the next token from logits (V,)."""
        token = choose(
            logits.float().cpu(),
            temperature=self.sampling.temperature,
            top_p=self.sampling.top_p,
            generator=self._generator,
        )
        self.tokens.append(token)
        self.is_done = token in self._ends or len(self.tokens) >= self.sampling.max_tokens


class _Batch:
    """The model in the middle of several answers: keys, values and masks of a fixed number of rows."""

    def __init__(self, model: Any, prompts: Sequence[DynamicCache], *, length: int, size: int) -> None:
        self._model = model
        self._size = size
        self._cache = _stacked(prompts, model, length=length, size=size)
        lengths = [prompt.get_seq_length() for prompt in prompts]
        # A row without a prompt attends to zeros: a row that attends to nothing at all would compute 0 / 0.
        kept = [*lengths, *[length] * (size - len(prompts))]
        columns = torch.arange(length, device=model.device)
        self._mask = (columns >= length - torch.tensor(kept, device=model.device)[:, None]).long()
        self._positions = torch.tensor([*lengths, *[0] * (size - len(prompts))], device=model.device)[:, None]

    @torch.inference_mode()
    def step(self, last: dict[int, int]) -> torch.Tensor:
        """The next logits (B, V) after each row's last token; rows that are not named go on with token 0."""
        self._model.set_attn_implementation("eager")
        tokens = torch.tensor([[last.get(i, 0)] for i in range(self._size)], device=self._model.device)
        self._mask = pad(self._mask, (0, 1), value=1)
        out = self._model(
            input_ids=tokens,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
        )
        self._positions = self._positions + 1
        return out.logits[:, -1]


def _stacked(prompts: Sequence[DynamicCache], model: Any, *, length: int, size: int) -> DynamicCache:
    """One cache of `size` rows: each prompt padded on the left to `length`, then rows of zeros."""
    cache = DynamicCache(config=model.config)
    for number in range(len(prompts[0].layers)):
        layers = [cast("Any", prompt.layers[number]) for prompt in prompts]
        keys = _padded([layer.keys for layer in layers], length=length, size=size)
        values = _padded([layer.values for layer in layers], length=length, size=size)
        cache.update(keys, values, number)
    return cache


def _padded(parts: Sequence[torch.Tensor], *, length: int, size: int) -> torch.Tensor:
    """Tensors (1, heads, T, width) as one (size, heads, length, width)."""
    rows = torch.cat([pad(part, (0, 0, length - part.shape[2], 0)) for part in parts])
    return pad(rows, (0, 0, 0, 0, 0, 0, 0, size - len(parts)))


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    ends = model.generation_config.eos_token_id
    return frozenset({tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None})
