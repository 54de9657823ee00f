"""Why a task fails: a stable code, a sentence that a beginner understands, and whether another try may help."""

from typing import Literal

from contract.messages import Safety

CANCELLED = "cancelled"

Code = Literal[
    "bad_message",
    "bad_picture",
    "beyond_limits",
    "cancelled",
    "empty_answer",
    "model_unavailable",
    "other_version",
    "out_of_memory",
    "picture_missing",
    "picture_refused",
    "picture_too_large",
    "prompt_empty",
    "prompt_refused",
    "prompt_too_long",
    "safety_unavailable",
    "too_costly",
    "unfit_model",
    "unknown_model",
    "worker_error",
]
"""Never given another meaning; `docs/failures.md` says of each what happened and what a person can do."""


class TaskFailure(Exception):
    """A task cannot be done; becomes the event `failed`."""

    def __init__(self, code: Code, detail: str, *, retryable: bool = False, safety: Safety | None = None) -> None:
        super().__init__(code)
        self.code: Code = code
        self.detail = detail
        self.retryable = retryable
        self.safety = safety
        """The verdict that refused a picture."""


def cancelled() -> TaskFailure:
    """Somebody cancelled the run; the database has closed the task already and ignores this."""
    return TaskFailure(CANCELLED, "This run was cancelled.")


def out_of_memory() -> TaskFailure:
    """The batch did not fit."""
    return TaskFailure("out_of_memory", "The worker ran out of memory on this step.", retryable=True)


def worker_error() -> TaskFailure:
    """A defect of the worker; the log has the traceback."""
    return TaskFailure("worker_error", "Something went wrong inside the worker.", retryable=True)


def from_exception(error: Exception) -> TaskFailure:
    """The failure that an exception of an engine stands for."""
    if isinstance(error, TaskFailure):
        return error
    return out_of_memory() if is_out_of_memory(error) else worker_error()


def is_out_of_memory(error: Exception) -> bool:
    """Whether a smaller batch might have done."""
    return isinstance(error, MemoryError) or _is_torch_out_of_memory(error)


def _is_torch_out_of_memory(error: Exception) -> bool:
    # torch.OutOfMemoryError on GPUs; on CPUs a RuntimeError of its allocator, told apart only by its text.
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )
