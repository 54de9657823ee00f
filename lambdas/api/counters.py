"""Counts what people do, for the operators' dashboards; what the counts are called is for the contract."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.metrics import Meter

_COUNTED = {
    ("create_account", 201): "Accounts",
    ("create_guest", 201): "Guests",
    ("create_pipeline", 201): "Pipelines",
    ("publish_run", 201): "Results",
    ("rate_pipeline", 200): "Ratings",
    ("remix_pipeline", 201): "Remixes",
    ("start_run", 202): "Runs",
}
"""By the name of a route and the status that says that it was done."""


class Counters:
    """ASGI middleware that publishes one metric for each counted call that succeeded."""

    def __init__(self, app: ASGIApp, *, meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, then count it."""
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)
        name = getattr(scope.get("route"), "name", "")
        if metric := _COUNTED.get((name, status)):
            self._meter.put({metric: 1})
