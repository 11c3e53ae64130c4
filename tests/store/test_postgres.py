"""What a PostgreSQL sink asks of its database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from studio.errors import StoreError
from studio.store.postgres import (
    JourneyName,
    PostgresBatch,
    TurnRows,
    add_code,
    connect_postgres,
    erase_user,
    is_of_database,
    mark_of,
    translated,
)
from studio.store.postgres_schema import DOCUMENTED, SCHEMA, VERSIONS
from tests.store.postgres_server import ask, programs, server, url

__all__ = ["server", "url"]

pytestmark = [
    pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed"),
    pytest.mark.xdist_group("postgres"),
]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"


def rows(user: str, first: int, next: int) -> TurnRows:
    journey = (user, 1, f"w/{user}", "w", "", "waiting", 1, None, NOW, NOW)
    wait = (user, first, f"w/{user}", "wait.opened", "paid", NOW)
    return TurnRows(user, first, next, f"d{first}", NOW, [], [], [wait], [], [journey], None)


def test_the_schema_is_made_once_and_not_lowered(url: str) -> None:
    def connect() -> None:
        connect_postgres(url, "here").close()

    threads = [threading.Thread(target=connect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(url, "SELECT count(*) FROM migrations") == [(len(VERSIONS),)]
    assert {name for (name,) in ask(url, TABLES, SCHEMA)} == {*DOCUMENTED, "migrations"}
    with psycopg.connect(url, autocommit=True) as con:
        con.execute(f"INSERT INTO {SCHEMA}.migrations (version) VALUES (99)")
    with pytest.raises(StoreError, match="here: the schema was made by a newer version"):
        connect_postgres(url, "here")


def test_a_batch_is_written_at_its_end_or_forgotten(url: str) -> None:
    con = connect_postgres(url, "here")
    with con.transaction():
        batch = PostgresBatch(con, ["ada", "bob"])
        assert batch.next == {"ada": 1, "bob": 1}
        batch.add(rows("ada", 1, 4))
        assert (batch.next["ada"], batch.digest("ada", 1), batch.digest("ada", 4)) == (4, "d1", None)
        batch.forget()
        assert batch.next["ada"] == 1
        batch.add(rows("ada", 1, 4))
        batch.add(rows("ada", 4, 5))
        batch.flush()
        batch.drop_new_users()
    assert ask(url, "SELECT name, next FROM users") == [("ada", 5)]
    assert ask(url, "SELECT first FROM turns ORDER BY first") == [(1,), (4,)]
    with con.transaction():
        batch = PostgresBatch(con, ["ada"])
        batch.look_up_journeys({("ada", 1), ("ada", 2)})
        assert batch.named == {("ada", 1): JourneyName("w/ada", "w")}
        assert batch.digest("ada", 4) == "d4"
    con.close()


def test_what_is_wrong_is_not_of_the_database_and_undoes_its_part_alone(url: str) -> None:
    con = connect_postgres(url, "here")
    with con.transaction():
        batch = PostgresBatch(con, ["ada", "bob"])
        batch.add(rows("ada", 1, 4))
        batch.flush()
        batch.add(rows("bob", 1, 4))
        batch.add(rows("bob", 1, 4))
        with pytest.raises(psycopg.Error) as told:
            batch.flush()
        assert not is_of_database(told.value)
        batch.keep_aside(("d", NOW, "bob", 1, "wrong", b"x"))
        add_code(con, ("w", "h", "w.py", "…", NOW))
    assert ask(url, "SELECT user_name FROM turns") == [("ada",)]
    assert ask(url, "SELECT user_name, reason FROM refused_turns") == [("bob", "wrong")]
    con.close()
    with pytest.raises(StoreError, match="here: PostgreSQL: the connection is closed"), translated("here"):
        con.execute("SELECT 1")
    assert is_of_database(psycopg.OperationalError("gone"))


def test_who_is_erased_is_known_by_a_mark(url: str) -> None:
    con = connect_postgres(url, "here")
    with con.transaction():
        batch = PostgresBatch(con, ["ada", "bob"])
        batch.add(rows("ada", 1, 4))
        batch.flush()
        erase_user(con, "ada", None)
        erase_user(con, "bob", 7)
    with con.transaction():
        batch = PostgresBatch(con, ["ada", "bob", "cleo"])
        assert batch.forgotten == {"ada": None, "bob": 7}
        assert batch.next == {"bob": 7, "cleo": 1}
        batch.look_up_forgotten(["ada", "eve"])
        assert batch.forgotten == {"ada": None, "bob": 7}
        other = PostgresBatch(con, ["cleo"])
        other.look_up_forgotten(["ada", "eve"])
        assert other.forgotten == {"ada": None}
    assert ask(url, "SELECT mark FROM forgotten ORDER BY begins") == [(mark_of("bob"),), (mark_of("ada"),)]
    assert "ada" not in mark_of("ada")
    con.close()


def test_what_cannot_be_reached_is_named() -> None:
    with pytest.raises(StoreError, match=r"^there: PostgreSQL: "):
        connect_postgres("postgresql:///x?host=/nowhere", "there")
