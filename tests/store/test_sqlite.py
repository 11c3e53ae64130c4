"""Opening a store, whatever is there; and writing a batch as a whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio import Engine, VirtualClock, incoming
from studio.cli.advice import worded
from studio.clocks.clock import iso
from studio.errors import StoreError, StoreFull, StoreGone, StoreLocked, StoreReadOnly
from studio.store.changes import Changes
from studio.store.connect import connect_reader
from studio.store.database import open_database
from studio.store.inbox import engine_of, send
from studio.store.schema import MIGRATION_SET, VERSION
from studio.store.sqlite import Store
from studio.store.temporary import remove_store, temporary_store
from tests.engine.support import child, python, sound

NOBODY = 65534

RUN = """
import sys
from studio import Engine
with Engine(store=sys.argv[1]) as engine:
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


# -- another engine ------------------------------------------------------------------------


@contextmanager
def another_engine(path: Path) -> Iterator[subprocess.Popen[str]]:
    other = child(RUN, str(path))
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "running\n"
        yield other
    finally:
        other.kill()
        other.communicate()


def test_a_store_on_which_another_engine_runs_is_refused_by_its_name(path: Path) -> None:
    with another_engine(path) as other:
        running = engine_of(path)
        assert running is not None
        pid, since = running
        assert pid == other.pid
        with pytest.raises(StoreLocked) as caught:
            Engine(store=path).start_now()
        assert str(caught.value) == (
            f"{path}: an engine runs on this store already (pid {pid}, since {iso(since)})."
            " Send it events, or stop it first."
        )
    assert engine_of(path) is None


def test_a_store_is_free_again_when_its_engine_was_killed(path: Path) -> None:
    with another_engine(path):
        pass
    with Engine(store=path):
        assert engine_of(path) == (os.getpid(), (engine_of(path) or (0, 0))[1])
    assert engine_of(path) is None


def test_a_second_engine_in_the_same_process_is_refused_too(path: Path) -> None:
    with Engine(store=path), pytest.raises(StoreLocked, match=f"pid {os.getpid()}, since 20"):
        Engine(store=path).start_now()
    with Engine(store=path):
        pass


def test_another_name_of_the_same_file_is_the_same_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine(store=path):
        monkeypatch.chdir(path.parent)
        with pytest.raises(StoreLocked):
            Engine(store=path.name).start_now()


def test_a_link_to_a_store_is_the_same_store(path: Path) -> None:
    open_database(path).close()
    link = path.with_name("link.db")
    link.symlink_to(path)
    with Engine(store=path):
        assert engine_of(link) == engine_of(path)
        with pytest.raises(StoreLocked):
            Engine(store=link).start_now()


def test_a_refused_engine_takes_nothing_with_it(path: Path) -> None:
    """The running one goes on: its lock, its name and its events are untouched."""
    with Engine(store=path) as engine:
        for _ in range(3):
            with pytest.raises(StoreLocked):
                Engine(store=path).start_now()
        (event,) = engine.submit([incoming("a", "ada")]).result(10)
        assert event.seq
        assert engine_of(path) is not None


# -- what is no store ----------------------------------------------------------------------


def opens(path: Path) -> None:
    """All the ways to open one."""
    open_database(path).close()


def starts(path: Path) -> None:
    with Engine(store=path):
        pass


def sends(path: Path) -> None:
    send(path, [incoming("a", "ada")])


def reads(path: Path) -> None:
    connect_reader(path).close()


WRITERS = [opens, starts, sends]
ALL = [*WRITERS, reads]


@pytest.mark.parametrize("open_it", WRITERS)
def test_a_folder_is_no_store(tmp_path: Path, open_it: object) -> None:
    with pytest.raises(StoreError) as caught:
        open_it(tmp_path)  # type: ignore[operator]
    assert str(caught.value) == f"{tmp_path}: it is a folder. Name a file in it."


def test_a_folder_cannot_be_read_either(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        connect_reader(tmp_path)


@pytest.mark.parametrize("open_it", ALL)
@pytest.mark.parametrize(
    "content",
    [b"dear diary, " * 500, b"import studio\n" * 20, bytes(5_000), b"SQLite format 3\0" + b"?" * 5_000],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    path: Path, open_it: object, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"not a database|no database|damaged") as caught:
        open_it(path)  # type: ignore[operator]
    assert str(caught.value).startswith(f"{path}: ")
    assert path.read_bytes() == content


@pytest.mark.parametrize("open_it", ALL)
def test_a_database_of_another_program_is_refused_and_left_alone(path: Path, open_it: object) -> None:
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE users (id)")
    con.close()
    content = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_it(path)  # type: ignore[operator]
    assert (
        str(caught.value) == f"{path}: it is a database, but no store of Journey Studio. Name another file."
    )
    assert path.read_bytes() == content


@pytest.mark.parametrize("open_it", ALL)
def test_a_store_of_a_newer_version_is_refused_with_both_versions(path: Path, open_it: object) -> None:
    con = open_database(path)
    con.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'm999_of_tomorrow', '')",
        (MIGRATION_SET,),
    )
    con.close()
    with pytest.raises(StoreError) as caught:
        open_it(path)  # type: ignore[operator]
    assert str(caught.value) == (
        f"{path}: the store was made by a newer version of Journey Studio"
        f" (schema {VERSION + 1}, this one knows {VERSION}). Update Journey Studio."
    )


def test_a_damaged_store_is_named_as_such(path: Path) -> None:
    with Engine(store=path) as engine:
        engine.submit([incoming("a", f"user{n}", {"x": "y" * 500}) for n in range(500)]).result(10)
    content = bytearray(path.read_bytes())
    # The head of the file stays whole; the tables behind it do not.
    content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|not a database"):
        Engine(store=path).start_now()


def test_nothing_to_read_says_how_a_store_is_made(path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        connect_reader(path)
    assert str(caught.value) == f"{path}: there is no store here. The first event makes it."
    assert worded(caught.value) == (
        f"{path}: there is no store here. Start journey-studio or send an event, which makes it,"
        " or name another with --store."
    )
    assert not path.exists()


def test_a_store_is_made_with_the_folders_it_lies_in(tmp_path: Path) -> None:
    path = tmp_path / "data" / "of the studio" / "100% real?#.db"
    starts(path)
    assert path.exists()
    connect_reader(path).close()


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    starts(path)
    connect_reader(path).close()


# -- what cannot be written ----------------------------------------------------------------


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everything: become somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def readable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that everybody can look into, and nobody but its owner can change."""
    folder = Path("/tmp") / f"journey-studio-readonly-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_file_is_refused_with_what_to_do(readable: Path) -> None:
    path = readable / "studio.db"
    starts(path)
    path.chmod(0o444)
    with as_nobody(), pytest.raises(StoreReadOnly) as caught:
        open_database(path)
    assert str(caught.value).startswith(f"{path}: the store cannot be written. Give yourself the right")


def test_a_store_in_a_read_only_folder_is_refused(readable: Path) -> None:
    path = readable / "studio.db"
    starts(path)
    path.chmod(0o666)
    readable.chmod(0o555)
    with as_nobody(), pytest.raises(StoreError, match=str(path)):
        Engine(store=path).start_now()


def test_a_store_that_cannot_be_made_is_refused(readable: Path) -> None:
    readable.chmod(0o555)
    with as_nobody():
        with pytest.raises(StoreError, match="cannot be opened"):
            open_database(readable / "studio.db")
        with pytest.raises(StoreReadOnly, match="its folder cannot be made: Permission denied"):
            open_database(readable / "data" / "studio.db")
    assert list(readable.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(path: Path) -> None:
    path.write_text("")
    with pytest.raises(StoreError, match="its folder cannot be made"):
        open_database(path / "studio.db")


def test_a_lock_that_cannot_be_taken_is_no_crash(readable: Path) -> None:
    path = readable / "studio.db"
    starts(path)
    for file in readable.iterdir():
        file.chmod(0o666)
    lock = path.with_name(path.name + ".lock")
    lock.touch()
    lock.chmod(0o400)
    readable.chmod(0o777)
    with as_nobody():
        assert engine_of(path) is None
        with pytest.raises(StoreReadOnly, match="the store cannot be locked"):
            Engine(store=path).start_now()


# -- made by several at once ---------------------------------------------------------------

MAKE = """
import sys, time
from pathlib import Path
from studio import incoming
from studio.store.inbox import send
from studio.store.database import open_database

sys.stdout.write("ready\\n")
sys.stdout.flush()
for line in sys.stdin:
    path, at = line.split()
    time.sleep(max(0.0, float(at) - time.time()))
    try:
        send(path, [incoming("a", sys.argv[1])])
        print("done", flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)
"""


def test_two_processes_may_make_a_store_at_the_same_moment(tmp_path: Path) -> None:
    import time

    makers = [child(MAKE, name) for name in ("ada", "bob", "cyd")]
    try:
        for maker in makers:
            assert maker.stdout is not None
            assert maker.stdout.readline() == "ready\n"
        for number in range(20):
            path = tmp_path / f"{number}.db"
            at = time.time() + 0.02
            for maker in makers:
                assert maker.stdin is not None
                maker.stdin.write(f"{path} {at}\n")
                maker.stdin.flush()
            said = [maker.stdout.readline() for maker in makers if maker.stdout is not None]
            assert said == ["done\n"] * 3
            con = sqlite3.connect(path)
            assert con.execute("SELECT count(*) FROM inbox").fetchone() == (3,)
            assert con.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (VERSION,)
            assert con.execute("SELECT count(*) FROM meta WHERE key = 'salt'").fetchone() == (1,)
            con.close()
    finally:
        for maker in makers:
            maker.kill()
            maker.communicate()


def test_a_process_that_dies_while_it_makes_a_store_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    import random
    import time

    code = "import sys\nfrom pathlib import Path\nfrom studio.store.database import open_database\n"
    code += "print('go', flush=True)\nopen_database(Path(sys.argv[1])).close()"
    for number in range(8):
        path = tmp_path / f"{number}.db"
        maker = child(code, str(path))
        assert maker.stdout is not None
        maker.stdout.readline()
        time.sleep(random.random() * 0.02)
        maker.kill()
        maker.communicate()
        starts(path)
        sound(path)


def test_one_of_two_engines_on_a_new_store_gets_it(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom studio import Engine, StudioError\n"
        "try:\n    with Engine(store=sys.argv[1]):\n        print('got it', flush=True); sys.stdin.read()\n"
        "except StudioError as error:\n    print(type(error).__name__, flush=True)\n"
    )
    for number in range(3):
        path = tmp_path / f"{number}.db"
        both = [child(code, str(path)), child(code, str(path))]
        said = sorted(one.stdout.readline() for one in both if one.stdout is not None)
        for one in both:
            one.communicate("")
        assert said == ["StoreLocked\n", "got it\n"]


# -- a batch -------------------------------------------------------------------------------


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def test_a_batch_is_written_as_a_whole(store: Store) -> None:
    changes = Changes()
    changes.users.append((1, "ada"))
    changes.meta.append(("a", "1"))
    store.write(changes)
    assert store.rows("SELECT name FROM users") == [("ada",)]
    assert store.meta("a") == "1"


@pytest.mark.parametrize(
    "broken",
    [
        ("too big for the database", 2**70),
        ("half a surrogate pair", "\ud800"),
        ("a type that SQLite does not know", object()),
        ("a number that already exists", 1),
    ],
    ids=lambda broken: str(broken[0]),
)
def test_a_batch_that_cannot_be_written_leaves_nothing_and_the_next_one_goes(
    store: Store, broken: tuple[str, object]
) -> None:
    first = Changes()
    first.users.append((1, "ada"))
    store.write(first)
    changes = Changes()
    changes.names.append((store.next_name, "half/written"))
    changes.users.append((broken[1], "bob"))
    with pytest.raises((StoreError, ValueError, OverflowError, TypeError)):
        store.write(changes)
    assert store.rows("SELECT name FROM users") == [("ada",)]
    assert store.find_name("half/written") is None
    changes = Changes()
    changes.users.append((3, "cyd"))
    store.write(changes)
    assert store.rows("SELECT name FROM users") == [("ada",), ("cyd",)]


def test_a_full_database_is_named_and_leaves_nothing(store: Store) -> None:
    (pages,) = store.rows("PRAGMA page_count")[0]
    store.rows(f"PRAGMA max_page_count = {pages + 2}")
    changes = Changes()
    changes.users += [(n, "x" * 400 + str(n)) for n in range(1, 200)]
    with pytest.raises(StoreFull, match="the disk is full; nothing of this batch was stored"):
        store.write(changes)
    assert store.rows("SELECT count(*) FROM users") == [(0,)]
    store.rows("PRAGMA max_page_count = 100000")
    store.write(changes)
    assert store.rows("SELECT count(*) FROM users") == [(199,)]


def test_numbers_go_on_where_they_were(path: Path) -> None:
    with Engine(store=path, clock=VirtualClock()) as engine:
        (last,) = engine.submit([incoming("a", "ada")]).result(10)
    store = Store(path)
    assert store.next_seq > last.seq
    assert store.next_user == 2
    other = Store(path)
    assert store.salt == other.salt
    store.close()
    other.close()


def test_every_store_has_a_salt_of_its_own(tmp_path: Path) -> None:
    salts = set()
    for name in ("a", "b"):
        store = Store(tmp_path / f"{name}.db")
        salts.add(store.salt)
        store.close()
    assert len(salts) == 2
    assert all(len(salt) == 16 for salt in salts)


@pytest.mark.parametrize(("durability", "number"), [("full", 2), ("normal", 1)])
def test_durability_is_what_was_asked_for(path: Path, durability: str, number: int) -> None:
    con = open_database(path, durability)  # type: ignore[arg-type]
    assert con.execute("PRAGMA synchronous").fetchone() == (number,)
    assert con.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    con.close()


def test_a_store_in_memory_is_gone_when_the_engine_stops() -> None:
    with Engine() as engine:
        path = engine.path
        engine.submit([incoming("a", "ada")]).result(10)
        assert path.exists()
    assert not list(path.parent.glob(f"{path.name}*"))


def test_a_store_in_memory_that_does_not_start_is_gone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    engine.path.write_bytes(b"no database" * 500)
    with pytest.raises(StoreError):
        engine.start_now()
    left = list(engine.path.parent.glob(f"{engine.path.name}*"))
    remove_store(engine.path)
    assert left == []


def test_a_temporary_store_is_a_file_of_its_own() -> None:
    first, second = temporary_store(), temporary_store()
    assert first != second
    for path in (first, second):
        assert not path.exists()
        open_database(path).close()
    remove_store(first)
    remove_store(second)
    assert not first.exists()


def test_an_engine_that_was_started_knows_it(path: Path) -> None:
    engine = Engine(store=path)
    with engine, pytest.raises(Exception, match="running already"):
        engine.start_now()
    engine.stop_now()
    engine.stop_now()
    with engine:
        assert engine.status().state == "running"
    assert engine.status().state == "stopped"


def test_opening_a_store_needs_no_terminal() -> None:
    done = python("import studio.store.sqlite, studio.engine, sys; print('textual' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert sys.version_info >= (3, 11)


# -- the engine's connection ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["studio.db", "studio.db-wal"])
def test_a_file_that_is_not_there_any_more_is_told_at_the_next_look(store: Store, name: str) -> None:
    store.write_meta({"a": "1"})
    store.look()
    file = store.path.with_name(name)
    os.rename(file, file.with_name("aside"))
    with pytest.raises(StoreGone, match="the file is gone"):
        store.look()
    shutil.copy(file.with_name("aside"), file)
    with pytest.raises(StoreGone, match="another file stands in the place"):
        store.look()
    os.replace(file.with_name("aside"), file)
    store.look()


def test_a_name_is_looked_up_once_and_remembered_while_there_are_not_too_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.sqlite.MOST_KNOWN", 2)
    changes = Changes()
    changes.names += [(number, f"n{number}") for number in range(1, 6)]
    store.write(changes)
    assert store.stored_name("none") is None
    known = []
    for number in range(1, 6):
        # Looked up, and then remembered.
        assert [store.stored_name(f"n{number}") for _ in range(2)] == [number] * 2
        known.append(len(store.known_names))
    assert known == [1, 2, 3, 1, 2]
    assert [store.name_text(number) for number in (1, 1, 5)] == ["n1", "n1", "n5"]


def test_what_goes_beyond_a_batch_is_done_as_a_whole_or_not_at_all(store: Store) -> None:
    def write(*rows: str, fails: bool) -> None:
        with store.transaction() as con:
            for row in rows:
                con.execute(f"INSERT INTO users VALUES {row}")
            assert con.in_transaction
            if fails:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        write("(1, 'ada')", fails=True)
    with pytest.raises(StoreError):
        write("(1, 'ada')", "(1, 'bob')", fails=False)
    assert store.rows("SELECT * FROM users") == []
    write("(1, 'ada')", fails=False)
    assert not store.connection.in_transaction
    assert store.rows("SELECT * FROM users") == [(1, "ada")]


def test_whoever_waits_for_another_writer_says_so_and_goes_on(store: Store) -> None:
    store.rows("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def wait(error: StoreError) -> None:
        told.append(str(error))
        if len(told) == 3:
            other.execute("COMMIT")

    store.on_wait = wait
    store.begin()
    assert store.connection.in_transaction
    store.release()
    other.close()
    assert len(told) == 3
    assert "another program" in told[0]
