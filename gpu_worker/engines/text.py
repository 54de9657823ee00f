"""Writes texts with an instruct model; where its weights come from is left to `sources`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch.nn.functional import pad
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from contract.kinds import TextParams
from gpu_worker.engines.base import OnStep, Row
from gpu_worker.engines.sampling import choose
from gpu_worker.failures import TaskFailure

_SHORTEST = 64


class TextEngine:
    """An instruct model that answers several prompts at once.

    A row's bytes do not depend on the others of its batch: each prompt is read alone; the answers are then written
    in a batch of fixed rows and fixed length, over whose padding no attention goes. SDPA's kernel for CPUs gives
    other last bits for other places in a batch (measured on torch 2.13), so the answers use plain matrix products.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._context: int = model.config.max_position_embeddings
        self._ends = _end_tokens(model, tokenizer)
        self.tokens = 0

    def key(self, row: Row) -> int:
        """The length to which the row's prompt is padded; raises TaskFailure beyond the model's context."""
        params = cast("TextParams", row.params)
        tokens = self._tokens(params).shape[1]
        if tokens + params.max_tokens > self._context:
            raise TaskFailure(
                "prompt_too_long",
                f"The prompt has {tokens} tokens; with {params.max_tokens} for the answer that is more than "
                f"the {self._context} this model can hold.",
            )
        return max(_SHORTEST, 1 << (tokens - 1).bit_length())

    def run(self, rows: Sequence[Row], *, size: int, on_step: OnStep) -> Iterator[tuple[int, str]]:
        """The answers, each as soon as it ends."""
        length = self.key(rows[0])
        answers = [_Answer(cast("TextParams", row.params), row.seed, ends=self._ends) for row in rows]
        with torch.inference_mode():
            prompts = [self._read(answer) for answer in answers]
            self.tokens += len(answers)
            batch = _Batch(self._model, prompts, length=length, size=max(size, len(rows)))
        open_rows = dict(enumerate(answers))
        while open_rows:
            for i, answer in list(open_rows.items()):
                if answer.is_done:
                    yield i, self._text(answer)
                    del open_rows[i]
                elif not on_step(i, len(answer.tokens) / answer.params.max_tokens):
                    del open_rows[i]
            if open_rows:
                logits = batch.step({i: answer.tokens[-1] for i, answer in open_rows.items()})
                self.tokens += len(open_rows)
                for i, answer in open_rows.items():
                    answer.add(logits[i])

    def _tokens(self, params: TextParams) -> torch.Tensor:
        """The chat that the params describe, as token ids (1, T)."""
        chat = [{"role": "user", "content": params.prompt}]
        if params.system:
            chat.insert(0, {"role": "system", "content": params.system})
        encoded = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        return encoded["input_ids"].to(self._model.device)

    def _read(self, answer: "_Answer") -> DynamicCache:
        """The keys and values of the prompt; also draws the first token of the answer."""
        self._model.set_attn_implementation("sdpa")
        cache = DynamicCache(config=self._model.config)
        out = self._model(input_ids=self._tokens(answer.params), past_key_values=cache, logits_to_keep=1)
        answer.add(out.logits[0, -1])
        return cache

    def _text(self, answer: "_Answer") -> str:
        return self._tokenizer.decode(answer.tokens, skip_special_tokens=True).strip()


class _Answer:
    """The tokens of one row so far, and what draws the next one."""

    def __init__(self, params: TextParams, seed: int, *, ends: frozenset[int]) -> None:
        self.params = params
        self.tokens: list[int] = []
        self.is_done = False
        self._ends = ends
        # On the CPU whatever the model runs on: one seed draws the same noise everywhere.
        self._generator = torch.Generator("cpu").manual_seed(seed)

    def add(self, logits: torch.Tensor) -> None:
        """Draw the next token from logits (V,)."""
        token = choose(
            logits.float().cpu(),
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            generator=self._generator,
        )
        self.tokens.append(token)
        self.is_done = token in self._ends or len(self.tokens) >= self.params.max_tokens


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


def load(folder: Path, *, device: str) -> TextEngine:
    """The engine of a model folder in the format of transformers."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # Single precision even where half is faster: the same seed then gives the same words on other machines too.
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True, use_safetensors=True)
    return TextEngine(model.to(device).eval(), tokenizer)
