"""How long functions that nobody waits for have patience with a part of AWS that does not answer."""

from botocore.config import Config

PATIENCE = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
"""It costs a pass of sweep half of its minute at most, and the rest is still done; boto3's own is five minutes."""
