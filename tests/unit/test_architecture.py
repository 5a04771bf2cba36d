"""Rules that the code keeps: who may do what, and that everything says what it is for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradlock import store

PACKAGE = store.ROOT / "gradlock"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
SOURCES = [
    *MODULES,
    *(store.ROOT / name for name in ("tasks.py", "noxfile.py")),
    *sorted((store.ROOT / "tests").rglob("*.py")),
    *sorted((store.ROOT / "docker").rglob("*.py")),
]


def name_of(path: Path) -> str:
    """Return a module's name below gradlock: `layers.tar`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def imported(path: Path) -> set[str]:
    """Return every module, and every name in one, that a file imports anywhere."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def called(path: Path) -> set[str]:
    """Return every dotted name that a file calls: `time.time`."""
    return {
        ast.unparse(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }


def ids(path: Path) -> str:
    return str(path.relative_to(store.ROOT))


#: Who starts processes beside command.py, and why it cannot leave that to it.
STARTERS = {
    "command": "it is the one that runs commands to their end",
    "layers.chroot": "its programs are spoken with while they run, and end with this process",
    "layers.compile_server": "it forks before it compiles; it is no part of this process",
}
#: What starts a process.
PROCESSES = ("subprocess", "multiprocessing", "concurrent.futures.ProcessPoolExecutor")
FORKS = ("os.fork", "os.system", "os.popen", "os.posix_spawn", "pty.spawn", "os.execv", "os.execvp")


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_one_module_runs_subprocesses(path: Path) -> None:
    starts = (imported(path) & set(PROCESSES)) | (called(path) & set(FORKS))
    assert not starts or name_of(path) in STARTERS


def test_every_starter_of_processes_still_is_one() -> None:
    for name in STARTERS:
        path = PACKAGE / f"{name.replace('.', '/')}.py"
        assert imported(path) & set(PROCESSES) or called(path) & set(FORKS)


#: What turns locks into images: it must come out the same on every machine, every day.
RIGHT_OF_LOCKS = (
    *("inputs", "layers", "images"),
    *("locks.freshness", "locks.lockfile", "locks.paths", "locks.rules"),
)
#: What reaches the network.
NETWORK = ("httpx", "requests", "pypi_simple", "urllib.request", "socket", "http.client", "ftplib")
#: What reads the clock, the host's name, or chance.
UNCERTAIN = (
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"),
    *("socket.gethostname", "platform.node", "os.uname", "uuid.uuid4", "random.random"),
)
#: What reads the environment.
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.getenvb")
#: Who may read it among what turns locks into images, and why.
READERS: dict[str, str] = {}


def below(parts: tuple[str, ...]) -> list[Path]:
    """Return the modules of these names and packages."""
    return [
        path
        for path in MODULES
        if any(name_of(path) == part or name_of(path).startswith(f"{part}.") for part in parts)
    ]


def test_everything_right_of_locks_is_there() -> None:
    for part in RIGHT_OF_LOCKS:
        assert below((part,)), part


@pytest.mark.parametrize("path", below(RIGHT_OF_LOCKS), ids=ids)
def test_what_makes_an_image_does_not_reach_the_network(path: Path) -> None:
    assert not imported(path) & set(NETWORK)


@pytest.mark.parametrize("path", below(RIGHT_OF_LOCKS), ids=ids)
def test_what_makes_an_image_reads_no_clock(path: Path) -> None:
    assert not called(path) & set(UNCERTAIN)


@pytest.mark.parametrize("path", below(RIGHT_OF_LOCKS), ids=ids)
def test_what_makes_an_image_reads_no_environment(path: Path) -> None:
    reads = {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}
    assert not (reads | imported(path)) & set(ENVIRONMENT) or name_of(path) in READERS


def test_no_module_is_long() -> None:
    lengths = {ids(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_the_library_knows_nothing_of_its_verbs() -> None:
    for path in MODULES:
        if not name_of(path).startswith("verbs."):
            roots = {name.partition(".")[0] for name in imported(path)}
            assert not roots & {"tasks", "noxfile", "invoke", "nox"}, path


def test_no_error_is_caught_without_a_name() -> None:
    for path in MODULES:
        bare = [
            node for node in nodes(path) if isinstance(node, ast.ExceptHandler) and not node.type
        ]
        assert not bare, path


def test_importing_does_nothing(tmp_path: Path) -> None:
    """Import every module in a process of its own, whose every write and connection is told."""
    modules = [
        f"gradlock.{name_of(path)}".removesuffix(".__init__")
        for path in MODULES
        if path.name != "__main__.py"
    ]
    code = f"""
import sys
sys.dont_write_bytecode = True
def told(event, args):
    writes = event == "open" and any(letter in str(args[1]) for letter in "wax+")
    acts = event in ("subprocess.Popen", "socket.connect", "os.mkdir", "os.remove", "os.fork")
    if writes or acts:
        print(event, *args)
for module in {modules!r}:
    __import__(module)
# Again, without what other projects' modules do.
for name in [name for name in sys.modules if name.split(".")[0] == "gradlock"]:
    del sys.modules[name]
sys.addaudithook(told)
for module in {modules!r}:
    __import__(module)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(store.ROOT), "GRADLOCK_STORE": str(tmp_path / "no")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=ids)
def test_every_module_has_a_unit_test(path: Path) -> None:
    own = path.relative_to(PACKAGE)
    assert (store.ROOT / "tests/unit" / own.with_name(f"test_{own.name}")).is_file()


def test_every_unit_test_of_a_module_has_its_module() -> None:
    tests = store.ROOT / "tests/unit"
    for path in tests.glob("*/**/test_*.py"):
        own = path.relative_to(tests)
        module = own.with_name(own.name.removeprefix("test_"))
        assert any((root / module).is_file() for root in (PACKAGE, store.ROOT)), path


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stat().st_size], ids=ids)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
