"""`python -m lambdas.migrate`: bring the database of ATELIER_DATABASE_URL up to date."""

from lambdas.migrate.handler import handler

print("applied:", ", ".join(handler({}, None)["applied"]) or "nothing, all is up to date")
