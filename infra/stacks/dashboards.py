"""What people look at: a dashboard for the product, the models, the API and the database each."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.stacks.api import Api
from infra.stacks.data import Data
from infra.stacks.metrics import of_aws, of_every, own
from infra.stacks.queues import Queues
from infra.stacks.settings import QUEUES, StageSettings

Rows = Sequence[Sequence[cloudwatch.IWidget]]
Metrics = Sequence[cloudwatch.IMetric]

FUNCTIONS = ("api", "advance", "sweep")


@dataclass(frozen=True)
class Dashboards:
    """The rows of every dashboard of one stage."""

    settings: StageSettings
    data: Data
    queues: Queues
    api: Api

    def all(self) -> dict[str, Rows]:
        """By the name of who looks at it."""
        return {
            "product": self._product(),
            "inference": self._inference(),
            "api": self._calls(),
            "database": self._database(),
        }

    def _product(self) -> Rows:
        made = [self._own("Images"), self._own("Texts")]
        people = [self._own("Accounts"), self._own("Guests")]
        return [
            [_number("Made", made), _number("People", people), _number("Ratings", [self._own("Ratings")])],
            [_graph("Images and texts made", made), _graph("Runs started", [self._own("Runs")])],
            [
                _graph("New accounts and guests", people),
                _graph("Shared", [self._own("Results"), self._own("Pipelines"), self._own("Remixes")]),
                _graph("Ratings", [self._own("Ratings")]),
            ],
            [_graph("Tasks", [self._own("TasksSucceeded"), self._own("TasksFailed")])],
        ]

    def _inference(self) -> Rows:
        return [
            [
                _graph("Seconds of a task by model, mean", [self._every("TaskSeconds", "Average")]),
                _graph("Seconds of a task by model, p95", [self._every("TaskSeconds", "p95")]),
                _graph("Seconds of a task by kind, mean", [self._every("KindSeconds", "Average")]),
            ],
            [
                _graph("Images per second by model", [self._every("ImagesPerSecond", "Average")]),
                _graph("Tokens per second by model", [self._every("TokensPerSecond", "Average")]),
                _graph("Rows of a batch by model", [self._every("BatchRows", "Average")]),
            ],
            [
                _graph("Tries that failed, by reason", [self._every("TaskFailures", "Sum")]),
                _graph("Seconds until a model is loaded", [self._every("LoadSeconds", "Maximum")]),
                _graph("Seconds until a worker begins with a task", self._queue_own("WaitSeconds", "Average")),
            ],
            [
                _graph("Backlog in the database", self._queue_own("Backlog", "Maximum")),
                _graph("Messages waiting", self._of_queues("ApproximateNumberOfMessagesVisible")),
                _graph("Age of the oldest message, seconds", self._of_queues("ApproximateAgeOfOldestMessage")),
            ],
            [
                _graph("Machines at work", self._machines()),
                _graph("Tasks in hand", self._queue_own("Busy", "Average")),
                _graph("Machines that did not start", self._queue_own("BootFailures", "Sum")),
            ],
            [
                _graph("GPU use, %", self._queue_own("GpuPercent", "Average")),
                _graph("GPU memory, bytes", self._queue_own("VramBytes", "Maximum")),
                _graph("RAM, bytes", self._queue_own("RamBytes", "Maximum")),
            ],
        ]

    def _calls(self) -> Rows:
        def seconds(statistic: str) -> cloudwatch.Metric:
            return self._of_api("Latency", statistic)

        return [
            [
                _graph("Requests", [self._of_api("Count", "Sum")]),
                _graph("Refused and failed", [self._of_api("4xx", "Sum"), self._of_api("5xx", "Sum")]),
                _graph("Milliseconds of an answer", [seconds("p50"), seconds("p95"), seconds("p99")]),
            ],
            [
                _graph("Cold starts", [own(self.settings, "ColdStarts", of=name) for name in FUNCTIONS]),
                _graph("Errors of functions", self._of_functions("Errors")),
                _graph("Executions at one time", self._of_functions("ConcurrentExecutions", "Maximum")),
            ],
            [
                _graph("Milliseconds of a function, p95", self._of_functions("Duration", "p95")),
                _graph("Throttled", self._of_functions("Throttles")),
                _graph("Events of a kind that is not known", [self._own("UnknownEvents")]),
            ],
        ]

    def _database(self) -> Rows:
        return [
            [
                _graph("CPU, %", [self._of_database("CPUUtilization", "Average")]),
                _graph("Connections", [self._of_database("DatabaseConnections", "Maximum")]),
                _graph("CPU credits left", [self._of_database("CPUCreditBalance", "Minimum")]),
            ],
            [
                _graph("Free disk, bytes", [self._of_database("FreeStorageSpace", "Minimum")]),
                _graph("Free memory, bytes", [self._of_database("FreeableMemory", "Minimum")]),
            ],
            [
                _graph("Seconds of a read and a write", self._of_both("ReadLatency", "WriteLatency")),
                _graph("Reads and writes a second", self._of_both("ReadIOPS", "WriteIOPS")),
            ],
        ]

    def _own(self, name: str) -> cloudwatch.Metric:
        return own(self.settings, name)

    def _every(self, name: str, statistic: str) -> cloudwatch.MathExpression:
        return of_every(self.settings, name, statistic=statistic)

    def _queue_own(self, name: str, statistic: str) -> Metrics:
        return [own(self.settings, name, of=queue, statistic=statistic) for queue in QUEUES]

    def _machines(self) -> Metrics:
        return [
            of_aws(
                "AutoScaling",
                "GroupInServiceInstances",
                {"AutoScalingGroupName": self.settings.group_name(queue)},
                statistic="Maximum",
                label=queue,
            )
            for queue in QUEUES
        ]

    def _of_queues(self, name: str) -> Metrics:
        pairs = {**self.queues.steps, "events": self.queues.events}
        return [
            of_aws("SQS", name, {"QueueName": pair.queue.queue_name}, statistic="Maximum", label=queue)
            for queue, pair in pairs.items()
        ]

    def _of_functions(self, name: str, statistic: str = "Sum") -> Metrics:
        return [
            of_aws(
                "Lambda",
                name,
                {"FunctionName": f"{self.settings.prefix}-{function}"},
                statistic=statistic,
                label=function,
            )
            for function in FUNCTIONS
        ]

    def _of_api(self, name: str, statistic: str) -> cloudwatch.Metric:
        label = statistic if name == "Latency" else name
        return of_aws("ApiGateway", name, {"ApiId": self.api.http_api.api_id}, statistic=statistic, label=label)

    def _of_database(self, name: str, statistic: str) -> cloudwatch.Metric:
        instance = self.data.database.instance.instance_identifier
        return of_aws("RDS", name, {"DBInstanceIdentifier": instance}, statistic=statistic)

    def _of_both(self, *names: str) -> Metrics:
        return [self._of_database(name, "Average") for name in names]


def _graph(title: str, metrics: Metrics) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(metrics), width=8, left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False)
    )


def _number(title: str, metrics: Metrics) -> cloudwatch.SingleValueWidget:
    return cloudwatch.SingleValueWidget(
        title=title, metrics=list(metrics), width=8, height=4, set_period_to_time_range=True
    )
