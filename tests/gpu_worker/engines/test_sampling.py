"""Choosing a token is quick and chooses what it always chose."""

import pytest
import torch

from gpu_worker.engines.sampling import choose

TOP_P = (1e-6, 0.01, 0.1, 0.29, 0.3, 0.5, 0.8, 0.95, 0.999, 1.0)
WIDE = 152_000


def choose_by_sorting(logits: torch.Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """How tokens were chosen up to version 0.1.0."""
    scores = (logits / temperature).log_softmax(0)
    tokens = nucleus_by_sorting(scores, top_p=top_p)
    uniform = torch.rand(scores.shape[0], generator=generator)[tokens]
    gumbel = -(-uniform.clamp_min(1e-20).log()).log()
    return int(tokens[(scores[tokens] + gumbel).argmax()])


def nucleus_by_sorting(scores: torch.Tensor, *, top_p: float) -> torch.Tensor:
    for size in (min(512, len(scores)), len(scores)):
        best = scores.topk(size)
        below = best.values.exp().cumsum(0) < top_p
        if not bool(below[-1]) or size == len(scores):
            return best.indices[: int(below.sum()) + 1]
    raise AssertionError("the last size covers every token")


def some_logits(size: int, *, scale: float, seed: int, dtype: torch.dtype) -> torch.Tensor:
    """Logits as a model of this dtype gives them; in half precision many are equal."""
    random = torch.randn(size, generator=torch.Generator().manual_seed(seed)) * scale
    return random.to(dtype).float()


@pytest.mark.parametrize("top_p", TOP_P)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("size", "scale", "draws"), [(300, 2, 40), (5_000, 0.1, 40), (50_000, 3, 10), (WIDE, 1.5, 4), (WIDE, 6, 4)]
)
def test_the_same_tokens_are_drawn_as_by_sorting(
    top_p: float, dtype: torch.dtype, size: int, scale: float, draws: int
) -> None:
    for seed in range(draws):
        logits = some_logits(size, scale=scale, seed=seed // 4, dtype=dtype)
        both = [torch.Generator().manual_seed(seed) for _ in range(2)]
        for _ in range(2):  # the generator goes on in the same place, too
            new, old = (
                way(logits, temperature=0.8, top_p=top_p, generator=generator)
                for way, generator in zip((choose, choose_by_sorting), both, strict=True)
            )
            assert new == old


@pytest.mark.parametrize("top_p", TOP_P)
def test_where_every_token_is_as_likely_the_order_of_sorting_decides(top_p: float) -> None:
    both = [torch.Generator().manual_seed(7) for _ in range(2)]
    logits = torch.zeros(3_000)
    for _ in range(10):
        assert choose(logits, temperature=1, top_p=top_p, generator=both[0]) == choose_by_sorting(
            logits, temperature=1, top_p=top_p, generator=both[1]
        )
