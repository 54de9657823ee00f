"""What choosing a token costs beside the model, at the largest vocabulary that models here have."""

import subprocess
import sys
import time

from gpu_worker.settings import share_cores
from tests.bench.rows import Row

_VOCABULARY = 152_000
_TOP_P = (0.0001, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
_DRAWS = 100


def rows() -> list[Row]:
    """CPU milliseconds of a row's token, the mean at the worst top_p; in a process that has its cores as a worker has."""
    said = subprocess.check_output([sys.executable, "-m", "tests.bench.sampling"], text=True)
    return [Row("worker.sampling_ms", float(said), "ms", goal=2)]


def worst_ms() -> float:
    """The figure, in this process."""
    share_cores()
    import torch  # not before: it reads what share_cores says

    from gpu_worker.engines.sampling import choose

    logits = 3 * torch.randn(_VOCABULARY, generator=torch.Generator().manual_seed(7))
    generator = torch.Generator().manual_seed(7)

    def mean_ms(top_p: float) -> float:
        choose(logits, temperature=0.7, top_p=top_p, generator=generator)
        began = time.process_time()
        for _ in range(_DRAWS):
            choose(logits, temperature=0.7, top_p=top_p, generator=generator)
        return 1000 * (time.process_time() - began) / _DRAWS

    return max(map(mean_ms, _TOP_P))


if __name__ == "__main__":
    print(worst_ms())
