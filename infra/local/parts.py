"""The parts of one edition as programs, each with the environment that it needs and no more."""

from dataclasses import dataclass

from infra.local import postgres, storage
from infra.local.home import Home, read_secrets
from infra.local.process import Program, python
from infra.local.queues import BUCKET, Queues
from infra.local.settings import ROOT, Settings


@dataclass(frozen=True)
class Parts:
    """Makes the programs of one home, once it is known where S3 and SQS answer."""

    home: Home
    settings: Settings
    storage_port: int

    def postgres(self) -> Program:
        return postgres.program(self.home)

    def ministack(self) -> Program:
        return storage.program(self.home, port=self.storage_port)

    def migrate(self) -> Program:
        return Program("migrate", python("-m", "lambdas.migrate"), self._database())

    def api(self, *, listen_fd: int) -> Program:
        """The page, the API and the media on a listening socket of the supervisor."""
        environment = {
            **self._storage(),
            **self._database(),
            **self._steps(),
            "ATELIER_SECRET": read_secrets(self.home)["api_secret"],
            "ATELIER_SITE_SCHEME": "http",
            "ATELIER_PAGE": str(ROOT / "web" / "dist" / "index.html"),
            "ATELIER_LISTEN_FD": str(listen_fd),
        }
        return Program("api", python("-m", "infra.local.site"), environment, files=(listen_fd,))

    def loop(self) -> Program:
        """The caller of `advance` and `sweep`."""
        environment = {
            **self._storage(),
            **self._database(),
            **self._steps(),
            **self._events(),
            "POWERTOOLS_SERVICE_NAME": "loop",
            "POWERTOOLS_TRACE_DISABLED": "true",
        }
        return Program("loop", python("-m", "infra.local.loop"), environment)

    def prepare(self) -> Program:
        """What makes the models ready on the first start; nothing to do later."""
        return Program("models", self._worker_command("prepare"), self._models())

    def worker(self) -> Program:
        """The worker: it knows S3 and SQS, not the database."""
        environment = {
            **self._storage(),
            **self._steps(),
            **self._events(),
            **self._models(),
            "ATELIER_VISIBILITY_SECONDS": str(self.settings.visibility_seconds),
        }
        return Program("worker", self._worker_command(), environment)

    def seed(self, *, address: str) -> Program:
        """The program that fills the gallery through the API on the first start."""
        return Program("seed", python("-m", "infra.local", "seed", "--api", address, "--home", str(self.home.root)))

    def _worker_command(self, *arguments: str) -> tuple[str, ...]:
        # Its models take every core there is; the page shall answer all the same.
        return ("nice", "-n", "10", *python("-m", "gpu_worker", *arguments))

    def _database(self) -> dict[str, str]:
        return {"ATELIER_DATABASE_URL": postgres.database_url(self.home)}

    def _storage(self) -> dict[str, str]:
        endpoint = f"http://127.0.0.1:{self.storage_port}"
        return {
            **storage.credentials(self.home),
            "AWS_ENDPOINT_URL": endpoint,
            "ATELIER_AWS_ENDPOINT_URL": endpoint,
            "ATELIER_AWS_REGION": storage.REGION,
            "ATELIER_MEDIA_BUCKET": BUCKET,
            "ATELIER_PROFILE": self.settings.profile,
        }

    def _steps(self) -> dict[str, str]:
        queues = Queues.at(self.storage_port)
        return {
            "ATELIER_STEPS_TEXT_QUEUE_URL": queues.steps_text,
            "ATELIER_STEPS_IMAGE_QUEUE_URL": queues.steps_image,
        }

    def _events(self) -> dict[str, str]:
        return {"ATELIER_EVENTS_QUEUE_URL": Queues.at(self.storage_port).events}

    def _models(self) -> dict[str, str]:
        return {
            "ATELIER_PROFILE": self.settings.profile,
            "ATELIER_LOG_FORMAT": "json",
            # Bars of libraries would be one endless line in a log.
            "TQDM_DISABLE": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
