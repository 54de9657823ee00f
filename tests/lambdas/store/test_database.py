"""The one connection of a handler."""

from contextlib import closing

from lambdas.store.database import Database


def test_each_new_connection_asks_for_the_password(database: str) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append("asked")
        return f"token {len(asked)}"

    with closing(Database(database, password=password)) as handle:
        first = handle.connect()
        assert handle.connect() is first
        assert (first.info.password, asked) == ("token 1", ["asked"])
        first.close()
        assert handle.connect().info.password == "token 2"
