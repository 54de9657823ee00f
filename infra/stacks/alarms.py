"""What an operator is told of, and what to do then: every alarm of a stage as a line of a table."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.stacks.api import Api
from infra.stacks.data import Data
from infra.stacks.gpu import log_name
from infra.stacks.metrics import PERIOD, of_aws, own
from infra.stacks.queues import Queues
from infra.stacks.settings import QUEUES, StageSettings

_GIB = 1024**3
_SILENT = cloudwatch.TreatMissingData.NOT_BREACHING
_SUSPICIOUS = cloudwatch.TreatMissingData.BREACHING
Comparison = cloudwatch.ComparisonOperator


@dataclass(frozen=True)
class Watch:
    """When an alarm rings, in periods of five minutes, and what whoever hears it does."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int
    advice: str
    compare: Comparison = Comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    missing: cloudwatch.TreatMissingData = _SILENT


@dataclass(frozen=True)
class Watches:
    """Every alarm of one stage."""

    settings: StageSettings
    data: Data
    queues: Queues
    api: Api

    def all(self) -> Iterator[Watch]:
        """Queues first, then workers, functions, the API and the database."""
        yield from self._queues()
        for queue in QUEUES:
            yield from self._workers(queue)
        yield from self._functions()
        yield from self._api()
        yield from self._database()

    def _queues(self) -> Iterator[Watch]:
        for name, pair in {**self.queues.steps, "events": self.queues.events}.items():
            waiting = _of_queue(pair.dead_letters.queue_name, "ApproximateNumberOfMessagesVisible", "Maximum")
            yield Watch(
                f"{name}-dead-letters",
                waiting,
                threshold=1,
                periods=1,
                advice=f"Messages of the queue {name} could not be handled and are kept for 14 days. Read one in the "
                "SQS console, find its task_id in the logs of the workers or of advance, mend the cause, then start "
                "the redrive; no work is lost meanwhile, sweep sends tasks again.",
            )
        yield Watch(
            "events-old",
            _of_queue(self.queues.events.queue.queue_name, "ApproximateAgeOfOldestMessage", "Maximum"),
            threshold=300,
            periods=2,
            advice="What workers report is not heard for five minutes. Look at the log of advance and at the alarms "
            "of the database; events are kept for four days and heard once it works again.",
        )

    def _workers(self, queue: str) -> Iterator[Watch]:
        group = self.settings.group_name(queue)
        backlog = own(self.settings, "Backlog", of=queue, statistic="Minimum")
        machines = of_aws(
            "AutoScaling", "GroupInServiceInstances", {"AutoScalingGroupName": group}, statistic="Maximum"
        )
        yield Watch(
            f"{queue}-no-workers",
            cloudwatch.MathExpression(
                expression="IF(FILL(backlog, 0) > 0 AND FILL(machines, 0) < 1, 1, 0)",
                using_metrics={"backlog": backlog, "machines": machines},
                label="work waits and nobody works",
                period=PERIOD,
            ),
            threshold=1,
            periods=5,
            advice=f"Tasks wait in {queue} and no machine has been at work for 25 minutes. Open the activity of the "
            f"group {group}: without GPU quota or spot capacity ask for quota, add instance types or set on_demand; "
            "if machines come and go, see the alarm about workers that failed to start.",
        )
        yield Watch(
            f"{queue}-stuck",
            cloudwatch.MathExpression(
                expression="IF(FILL(backlog, 0) > 0 AND FILL(machines, 0) > 0 AND FILL(done, 0) < 1, 1, 0)",
                using_metrics={"backlog": backlog, "machines": machines, "done": self._done(queue)},
                label="machines run and nothing gets done",
                period=PERIOD,
            ),
            threshold=1,
            periods=6,
            advice=f"Machines of {group} have cost money for half an hour without finishing a task. Their worker's log "
            "says what it is at: a model that loads for ever, or a GPU that hangs. Terminate the machine; the group "
            "starts another one and its tasks are sent again.",
        )
        yield Watch(
            f"{queue}-worker-failed-to-start",
            own(self.settings, "BootFailures", of=queue),
            threshold=1,
            periods=1,
            advice=f"A machine of {group} did not become a worker, or its worker kept ending, and was given back. "
            f"Its reason is in the log group {log_name(self.settings, queue)}, stream {{instance}}/boot. Until it is "
            "mended each try costs minutes of a GPU: set the group's maximum to 0 to stop them.",
        )

    def _functions(self) -> Iterator[Watch]:
        for name in ("advance", "sweep"):
            yield Watch(
                f"{name}-errors",
                self._of_function(name, "Errors"),
                threshold=5,
                periods=2,
                advice=f"The function {name} keeps failing: its log says why. Nothing is lost, but nothing moves "
                "either; after an upgrade, deploy the version before.",
            )
        yield Watch(
            "sweep-silent",
            self._of_function("sweep", "Invocations"),
            threshold=1,
            periods=2,
            compare=Comparison.LESS_THAN_THRESHOLD,
            missing=_SUSPICIOUS,
            advice="sweep has not run for ten minutes: lost messages are not sent again and no group is woken. Look at "
            "the EventBridge rule EachMinute and at the function's concurrency.",
        )
        yield Watch(
            "tasks-fail",
            cloudwatch.MathExpression(
                expression="IF(failed >= 10, 100 * failed / (failed + done), 0)",
                using_metrics={
                    "failed": own(self.settings, "TasksFailed"),
                    "done": own(self.settings, "TasksSucceeded"),
                },
                label="% of tasks that failed",
                period=PERIOD,
            ),
            threshold=20,
            periods=3,
            advice="A fifth of the tasks fails for good. Look for `task failed` and its code in the workers' logs: "
            "out_of_memory wants other instance types, model_unavailable a sync of the models bucket.",
        )

    def _api(self) -> Iterator[Watch]:
        requests, errors = self._of_api("Count", "Sum"), self._of_api("5xx", "Sum")
        yield Watch(
            "api-5xx",
            cloudwatch.MathExpression(
                expression="IF(errors >= 5, 100 * errors / requests, 0)",
                using_metrics={"errors": errors, "requests": requests},
                label="% of requests that failed on our side",
                period=PERIOD,
            ),
            threshold=2,
            periods=2,
            advice="More than 2 % of requests fail on our side. The log of the function api names the error: "
            "`database or storage unavailable` leads to the alarms of the database, anything else to the last upgrade.",
        )
        yield Watch(
            "api-slow",
            self._of_api("Latency", "p99"),
            threshold=3_000,
            periods=3,
            advice="One request in a hundred takes over 3 s. Look at the database's load on its dashboard and at cold "
            "starts on that of the API; a larger database.size or api.memory_mib helps.",
        )
        yield Watch(
            "api-throttled",
            self._of_function("api", "Throttles"),
            threshold=10,
            periods=2,
            advice="Requests are refused for want of concurrency. Raise api.reserved_concurrency, or ask AWS for more "
            "concurrent executions in this account.",
        )

    def _database(self) -> Iterator[Watch]:
        wanted = self.settings.database
        yield Watch(
            "database-connections",
            self._of_database("DatabaseConnections", "Maximum"),
            threshold=wanted.connections,
            periods=2,
            advice="The functions hold all the connections that are meant for them. Look at the API's dashboard: if "
            "answers have become slow, mend that; if more people have come, choose a larger database.size. Until then "
            "a lower api.burst or api.reserved_concurrency refuses requests instead of failing them.",
        )
        yield Watch(
            "database-disk",
            self._of_database("FreeStorageSpace", "Minimum"),
            threshold=wanted.storage_gib * _GIB * 0.08,
            periods=2,
            compare=Comparison.LESS_THAN_THRESHOLD,
            advice="The database's disk is nearly full and has not grown by itself: raise database.max_storage_gib and "
            "deploy. A full disk stops the service.",
        )
        yield Watch(
            "database-busy",
            self._of_database("CPUUtilization", "Average"),
            threshold=90,
            periods=6,
            advice="The database has computed at its limit for half an hour. Database Insights (CloudWatch, Insights) "
            "names the statements; a larger database.size is the quick remedy.",
        )

    def _done(self, queue: str) -> cloudwatch.Metric:
        """A worker takes a message off the queue once its task is over."""
        return _of_queue(self.queues.steps[queue].queue.queue_name, "NumberOfMessagesDeleted", "Sum")

    def _of_function(self, name: str, metric: str) -> cloudwatch.Metric:
        return of_aws("Lambda", metric, {"FunctionName": f"{self.settings.prefix}-{name}"})

    def _of_api(self, metric: str, statistic: str) -> cloudwatch.Metric:
        return of_aws("ApiGateway", metric, {"ApiId": self.api.http_api.api_id}, statistic=statistic)

    def _of_database(self, metric: str, statistic: str) -> cloudwatch.Metric:
        instance = self.data.database.instance.instance_identifier
        return of_aws("RDS", metric, {"DBInstanceIdentifier": instance}, statistic=statistic)


def _of_queue(name: str, metric: str, statistic: str) -> cloudwatch.Metric:
    return of_aws("SQS", metric, {"QueueName": name}, statistic=statistic)
