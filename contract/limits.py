"""Numbers that both sides of the queue must agree on; what an operator may tune lives in settings."""

MESSAGE_VERSION = 1
PROTOCOL = 1
"""What a worker of this version understands in requests, named in `alive`; `contract.messages` says when it grows."""

MAX_STEPS = 16
MAX_INPUTS = 16
MAX_COUNT = 8
MAX_TEXT_CHARACTERS = 8_000
"""A prompt, an input or a resolved prompt; longer ones fail with `prompt_too_long`."""
MAX_EVENT_TEXT_BYTES = 64 * 1024
"""A text output travels whole in its event up to this size."""
EXCERPT_CHARACTERS = 2_000
"""What PostgreSQL keeps of a text output."""
MAX_SEED = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

MIN_SIDE, MAX_SIDE, SIDE_STEP = 16, 4_096, 16
"""Pixels of a picture that is drawn or edited: every family of models can halve it four times."""
MAX_UPLOAD_BYTES = 4 * 1024 * 1024
MAX_UPLOAD_PIXELS = 16 * 1024 * 1024
MAX_UPLOAD_SIDE = 8_192
THUMB_SIDE = 320

MAX_ATTEMPTS = 3
MAX_TOKEN_CHARACTERS = 200
MAX_RECEIVES = 3
"""Of one message: the queue then puts it aside, and sweep sends the task again. Workers judge nothing by it."""

VISIBILITY_SECONDS = 60
VISIBILITY_RENEW_SECONDS = 20
LEASE_SECONDS = 180
RECEIVED_AFTER_SECONDS = 2
RECEIVED_EVERY_SECONDS = 60
"""When a worker says that it has a task which it cannot begin yet, and how often again."""
PROGRESS_MIN_SECONDS = 2
HEARTBEAT_SECONDS = 15
ALIVE_SECONDS = 20
CANCEL_LOOK_SECONDS = 2
