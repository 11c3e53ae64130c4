"""Calls that have no place between two awaits of a workflow: the clock, chance, and effects outside."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Why a call has no place in a workflow, and what to write."""

    rule: str
    what: str
    fix: str


_STEP = 'Put it into await journey.step("…", function).'
_NOW = "Write journey.now(), which is the same at every replay."
_RANDOM = "Write journey.random() or journey.uuid(), which are the same at every replay."

_CLOCK = re.compile(
    r"time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|process_time)"
    r"|datetime\.datetime\.(now|utcnow|today)|datetime\.date\.today"
)
_CLOCK_WITHOUT_ARGUMENTS = re.compile(r"time\.(localtime|gmtime|ctime|asctime)")
_RANDOMS = re.compile(
    r"random\.(?!Random$|Random\(\)$)\w+|random\.(Random|SystemRandom)\(\)\.\w+|numpy\.random\..+"
    r"|uuid\.(uuid1|uuid4)|secrets\.\w+|os\.(urandom|getrandom)"
)
_NETWORK = re.compile(
    r"requests\.(api\.)?(get|post|put|patch|delete|head|options|request|Session|session)(\(\)\..+)?"
    r"|httpx\.(get|post|put|patch|delete|head|options|request|stream|Client|AsyncClient)(\(\)\..+)?"
    r"|urllib\.request\.(urlopen|urlretrieve)|urllib3\.(request|PoolManager|HTTP\w+)(\(\)\..+)?"
    r"|aiohttp\.(request|ClientSession)(\(\)\..+)?"
    r"|http\.client\.HTTPS?Connection(\(\)\..+)?"
    r"|(smtplib\.(SMTP|SMTP_SSL|LMTP)|ftplib\.FTP(_TLS)?|imaplib\.IMAP4(_SSL)?|poplib\.POP3(_SSL)?)(\(\)\..+)?"
    r"|socket\.(socket|create_connection|getaddrinfo|gethostbyname)(\(\)\..+)?"
    r"|boto3\.(client|resource|Session)(\(\)\..+)?|paramiko\.\w+(\(\)\..+)?"
)
_DATABASE = re.compile(
    r"(sqlite3|psycopg|psycopg2|pymysql|MySQLdb|asyncpg|aiosqlite)\.connect(\(\)\..+)?"
    r"|redis\.(Redis|StrictRedis|from_url)(\(\)\..+)?|pymongo\.MongoClient(\(\)\..+)?"
    r"|sqlalchemy\.create_engine(\(\)\..+)?"
)
_FILE_METHODS = (
    "open|read_text|read_bytes|write_text|write_bytes|unlink|mkdir|rmdir|touch|rename|replace|chmod"
    "|exists|is_file|is_dir|iterdir|glob|rglob|stat|symlink_to|hardlink_to"
)
_FILES = re.compile(
    r"(builtins|io|os|codecs|gzip|bz2|lzma)\.open|builtins\.input"
    r"|os\.(remove|unlink|rename|renames|replace|mkdir|makedirs|rmdir|removedirs|listdir|scandir|stat|chmod"
    r"|truncate|link|symlink|write|read)"
    r"|shutil\.(copy|copy2|copyfile|copytree|move|rmtree|make_archive|unpack_archive)"
    r"|tempfile\.(TemporaryFile|NamedTemporaryFile|TemporaryDirectory|mkstemp|mkdtemp)"
    rf"|pathlib\.(Path|PosixPath|WindowsPath)\(\)\.(.*\.)?({_FILE_METHODS})"
)
_PROCESSES = re.compile(
    r"subprocess\.(run|Popen|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|os\.(system|popen|fork|forkpty|execv\w*|spawn\w+|startfile|kill|posix_spawn\w*)"
    r"|asyncio\.create_subprocess_(exec|shell)|multiprocessing\.(Process|Pool)"
)
_THREADS = re.compile(
    r"threading\.(Thread|Timer)|concurrent\.futures\.(Thread|Process)PoolExecutor"
    r"|asyncio\.(run|create_task|ensure_future|to_thread|run_coroutine_threadsafe|get_event_loop)"
)
PATH_METHODS = frozenset(("read_text", "read_bytes", "write_text", "write_bytes"))
"""Methods that only a path has, also where nobody knows what it is called on."""


def misplaced(name: str, arguments: int) -> Misplaced | None:
    """Why this call has no place in a workflow; None when it may stand there.

    Args:
        name: what is called, by its full name: "datetime.datetime.now"; what a call gave is
            written with "()": "pathlib.Path().write_text".
        arguments: how many it is given.
    """
    if _CLOCK.fullmatch(name) or (not arguments and _CLOCK_WITHOUT_ARGUMENTS.fullmatch(name)):
        return Misplaced(
            "clock", f"{shown(name)} reads the wall clock, which is different at each replay", _NOW
        )
    if name == "time.sleep":
        return Misplaced("effect", "time.sleep() holds up every journey", 'Write await journey.sleep("…").')
    if name == "random.Random":
        # Seeded with something of the journey it is the same at every replay.
        return None if arguments else Misplaced("random", "random.Random() has no seed", _RANDOM)
    if _RANDOMS.fullmatch(name):
        return Misplaced("random", f"{shown(name)} is another at each replay", _RANDOM)
    for pattern, kind in _EFFECTS:
        if pattern.fullmatch(name):
            return Misplaced("effect", f"{shown(name)} {kind} outside a step, at each replay", _STEP)
    return None


_EFFECTS = (
    (_NETWORK, "uses the network"),
    (_DATABASE, "uses a database"),
    (_FILES, "uses files"),
    (_PROCESSES, "starts a process"),
    (_THREADS, "starts what nobody waits for"),
)

_AWAIT_FIXES = {
    "asyncio.sleep": 'Write await journey.sleep("…").',
    "asyncio.gather": "Write await journey.wait_all(…).",
    "asyncio.wait": "Write await journey.wait_any(…) or wait_all(…).",
    "asyncio.wait_for": "Give the wait a timeout=.",
    "asyncio.timeout": "Give the wait a timeout=.",
}


def await_fix(name: str) -> str:
    """What to write in place of a foreign await."""
    return _AWAIT_FIXES.get(name, _STEP)


def shown(name: str) -> str:
    """A name as the author knows it: "datetime.now()", "open()"."""
    text = name.removeprefix("builtins.").removeprefix("pathlib.").replace("datetime.datetime.", "datetime.")
    return f"{text}()"
