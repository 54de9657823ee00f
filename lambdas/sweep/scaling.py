"""Measures each queue's backlog, by which its machines are scaled, and wakes a group that sleeps: nothing else can.

Scaling by a target divides by the number of machines: it never leaves zero by itself.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from contract.metrics import Meter
from lambdas.aws import groups
from lambdas.aws.clients import Clients
from lambdas.store import dispatch


def scale(conn: Connection[Any], clients: Clients, *, group_names: Mapping[str, str], meter: Meter) -> None:
    """Publish `Backlog`, and where a queue has a group `Instances` and `BacklogPerInstance`, and wake who has to work.

    With neither groups nor a namespace, which is how one machine runs, nothing is asked or counted.
    """
    if not group_names and not meter.namespace:
        return
    backlogs = dispatch.backlogs(conn)
    sizes = groups.sizes(clients.autoscaling, group_names.values()) if group_names else {}
    for queue in dispatch.QUEUES:
        backlog = backlogs[queue]
        values: dict[str, float] = {"Backlog": backlog}
        size = sizes.get(group_names.get(queue, ""))
        if size is not None:
            values |= {"Instances": size.desired, "BacklogPerInstance": backlog / max(size.desired, 1)}
            if backlog and size.desired == 0 and size.largest > 0:
                groups.wake(clients.autoscaling, group_names[queue])
        meter.put(values, of=queue)
