"""What may be asked of a model at all, looked at before anything is fetched or computed: a message is not trusted."""

from contract.catalogue import Model
from contract.costs import too_costly
from contract.keys import MEDIA_PREFIX, UPLOAD_PREFIX
from contract.kinds import Params
from contract.spec import beyond_limits
from gpu_worker.failures import TaskFailure


def check(params: Params, model: Model) -> None:
    """Raises TaskFailure, with the params at fault by name, for what no version of a pipeline could ask for."""
    if faults := list(beyond_limits(params, model)):
        detail = "; ".join(f"{'.'.join(map(str, fault.loc))} {fault.msg}" for fault in faults)
        raise TaskFailure("beyond_limits", f"This step asks for what its model does not do: {detail}.")
    if excess := too_costly(params, model):
        raise TaskFailure("too_costly", f"This step {excess.msg}.")
    if not getattr(params, "image", MEDIA_PREFIX).startswith((MEDIA_PREFIX, UPLOAD_PREFIX)):
        raise TaskFailure("picture_missing", "The picture to start from is not where pictures are kept.")
