"""What a request costs, known before anything is computed: one number for every kind, and the most that it may be."""

from contract.catalogue import Model
from contract.faults import Fault, FaultCode
from contract.kinds import CaptionParams, EditParams, ImageParams, Params, TextParams
from contract.limits import MAX_UPLOAD_PIXELS

MAX_COST = 500
"""Megapixel-steps of one request: two minutes or so of a 24 GB GPU, or 8 pictures of 1024 × 1024 with 50 steps."""
TOKENS_PER_STEP = 10
"""About as many tokens of a small instruct model take as long as one megapixel-step."""

_PIXELS = 1_000_000
_EDITED = 1_024
"""The side of what is edited where the model does not fix it."""


def cost(params: Params, model: Model) -> float:
    """Megapixel-steps of all outputs of a request together; where a picture decides, those of the largest one."""
    match params:
        case ImageParams():
            return megapixel_steps(params.width, params.height, steps=params.denoise_steps) * params.count
        case EditParams():
            width, height = (int(model.defaults.get(side, _EDITED)) for side in ("width", "height"))
            return megapixel_steps(width, height, steps=params.denoise_steps) * params.count
        case TextParams() | CaptionParams():
            return params.max_tokens / TOKENS_PER_STEP
        case _:
            return MAX_UPLOAD_PIXELS / _PIXELS


def megapixel_steps(width: int, height: int, *, steps: int) -> float:
    """The work of one picture: its millions of pixels times the steps in which they are denoised."""
    return width * height * steps / _PIXELS


def too_costly(params: Params, model: Model) -> Fault | None:
    """Why nobody may ask for so much at once, at the param that helps most; None where one may."""
    price = cost(params, model)
    if price <= MAX_COST:
        return None
    return Fault(("denoise_steps",), FaultCode.TOO_COSTLY, {"cost": round(price), "maximum": MAX_COST})
