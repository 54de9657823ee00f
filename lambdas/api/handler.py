"""The Lambda function behind `/api`: API Gateway events in, answers out."""

from mangum import Mangum

from lambdas.api.app import create_app
from lambdas.api.settings import Settings

handler = Mangum(create_app(Settings()), lifespan="off")  # pyright: ignore[reportCallIssue] - from the environment
