"""Draws the next token of a text from its own seed, so that neighbours in a batch change nothing."""

import torch

_FEW = 512


def choose(logits: torch.Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> int:
    """A token for logits (V,) in fp32 on the CPU: the best at temperature 0, else one of the `top_p` nucleus.

    Adds Gumbel noise and takes the best, which draws from the softmax (Gumbel 1954; "Gumbel-max trick"), and whose
    choice does not turn on the last bits of the logits.
    """
    if temperature == 0:
        return int(logits.argmax())
    scores = (logits / temperature).log_softmax(0)
    tokens = _nucleus(scores, top_p=top_p)
    uniform = torch.rand(scores.shape[0], generator=generator)[tokens]
    gumbel = -(-uniform.clamp_min(1e-20).log()).log()
    return int(tokens[(scores[tokens] + gumbel).argmax()])


def _nucleus(scores: torch.Tensor, *, top_p: float) -> torch.Tensor:
    """The fewest tokens whose probabilities sum up to `top_p`, the likeliest first; `scores` are logarithms (V,)."""
    for size in (min(_FEW, len(scores)), len(scores)):  # sorting all 49,152 takes longer than a layer of the model
        best = scores.topk(size)
        below = best.values.exp().cumsum(0) < top_p
        if not bool(below[-1]) or size == len(scores):
            return best.indices[: int(below.sum()) + 1]
    raise AssertionError("the last size covers every token")
