"""Muon for the UNet's matrices: momentum made orthogonal (Keller Jordan, https://kellerjordan.github.io/posts/muon/).

torch.optim.Muon takes matrices only, so it would leave out every convolution, which here are flattened to
(out, in·h·w). The step is scaled to AdamW's size as in Moonshot's "Muon is scalable" (arXiv:2502.16982),
so that one learning rate fits both optimizers.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_MOMENTUM = 0.95
_ADAM_SIZE = 0.2
_WIDE = 2


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum over parameters of two or more dimensions."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, lr: float, pool: Executor) -> None:
        super().__init__(list(parameters), {"lr": lr})
        self._pool = pool

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Move each parameter; matrices of one shape go through the iteration together, shapes in parallel."""
        if closure is not None:
            msg = "a closure is not supported"
            raise ValueError(msg)
        for group in self.param_groups:
            by_shape: dict[tuple[int, int], list[nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault((parameter.shape[0], parameter[0].numel()), []).append(parameter)
            largest_first = sorted(by_shape.items(), key=lambda item: -item[0][0] * item[0][1] * len(item[1]))
            tasks = [
                self._pool.submit(self._step_alike, parameters, shape, group["lr"])
                for shape, parameters in largest_first
            ]
            for task in tasks:
                task.result()

    @torch.no_grad()
    def _step_alike(self, parameters: list[nn.Parameter], shape: tuple[int, int], lr: float) -> None:
        updates = orthogonal(torch.stack([self._nesterov(parameter).reshape(shape) for parameter in parameters]))
        scale = -lr * _ADAM_SIZE * max(shape) ** 0.5
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.add_(update.reshape(parameter.shape).to(parameter.dtype), alpha=scale)

    def _nesterov(self, parameter: nn.Parameter) -> Tensor:
        gradient = parameter.grad
        if gradient is None:
            msg = "a parameter without a gradient has no step"
            raise ValueError(msg)
        state = self.state[parameter]
        momentum = state.setdefault("momentum", torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - _MOMENTUM)
        return gradient.lerp(momentum, _MOMENTUM)


def orthogonal(matrices: Tensor) -> Tensor:
    """Return matrices (B, m, n) with their singular values brought near 1, by Newton-Schulz in bfloat16."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = (matrices.mT if tall else matrices).float()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    wide = x.shape[-1] >= _WIDE * x.shape[-2]
    x = _through_gram(x) if wide else _iterate(x.bfloat16())
    return x.mT if tall else x


def _iterate(x: Tensor) -> Tensor:
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _through_gram(x: Tensor) -> Tensor:
    """The same iteration on X·Xᵀ alone, which is small for a wide X; squares need fp32."""
    a, b, c = _COEFFICIENTS
    gram = x @ x.mT
    identity = torch.eye(gram.shape[-1], device=gram.device)
    product = identity.expand_as(gram)
    for _ in range(_ITERATIONS):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c) + a * identity
        product = factor @ product
        gram = factor @ gram @ factor
    return product.bfloat16() @ x.bfloat16()
