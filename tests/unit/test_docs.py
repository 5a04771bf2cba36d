"""The documentation holds: its commands parse, its links lead somewhere, its tables agree."""

from __future__ import annotations

import importlib
import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nox.registry
import pytest
import yaml
from invoke.parser import Parser

import tasks
from gradlock import store
from gradlock.inputs import variants
from gradlock.verbs.program import Program
from website import drifts, gradients, notebooks

README = store.ROOT / "README.md"
WORKFLOW = store.ROOT / ".github/workflows/ci.yml"
WORKFLOWS = sorted(WORKFLOW.parent.glob("*.yml"))
PAGES = [
    *(store.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((store.ROOT / "docs").glob("*.md")),
]
#: Files of git's that are text, by their endings; those without one are scripts and the like.
BINARY = (".zst", ".png")


def spans(text: str) -> list[str]:
    """Return what stands between backticks outside of code blocks, each on one line."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```", "", text)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def code(text: str) -> str:
    """Return what a page shows as code: its blocks, and what stands between backticks."""
    return "\n".join([*re.findall(r"(?ms)^ *```\w*\n(.*?)^ *```", text), *spans(text)])


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the program, `inv` or `nox`, and the arguments of every command in some text."""
    for line in text.replace("\\\n", " ").splitlines():
        found = re.search(r"(?:\./(inv)|(?:\.venv/bin/|(?<![\w/]))(nox))(?= |$)(.*)", line)
        if found:
            yield found[1] or found[2], words(found[3])


def words(line: str) -> list[str]:
    """Return the words of a shell's command, as far as it goes."""
    found = shlex.shlex(line, posix=True, punctuation_chars=True)
    found.whitespace_split = True
    return list(itertools.takewhile(lambda word: word[:1] not in [*"();<>|&"], found))


def documented(program: str) -> list[list[str]]:
    """Return the arguments of every call of a program in the documentation and in workflows."""
    workflows = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS]
    jobs = [job for workflow in workflows for job in workflow["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"]]
    texts = [code(page.read_text(encoding="utf-8")) for page in PAGES]
    # What the site says beside them.
    texts += [code(text) for text in (drifts.page([]), gradients.page({}), notebooks.NOT_EXECUTED)]
    texts += [code(notebooks.gallery([], {}))]
    texts += [step["run"] for step in steps if "run" in step]
    found = {tuple(args) for text in texts for name, args in commands(text) if name == program}
    return [list(args) for args in sorted(found)]


@pytest.mark.parametrize("arguments", documented("inv"), ids=" ".join)
def test_verb_parses(arguments: list[str]) -> None:
    """The command line knows the verbs and flags that are written down."""
    verbs = tasks.namespace.to_contexts()
    if "--help" in arguments:
        assert arguments[-1] in {verb.name for verb in verbs}
        return
    program = Program(tasks.namespace)
    program.normalize_argv(["inv", *arguments])
    Parser(contexts=verbs, initial=program.initial_context).parse_argv(program.argv[1:])


@pytest.mark.parametrize("arguments", documented("nox"), ids=" ".join)
def test_session_exists(arguments: list[str]) -> None:
    """Sessions that are written down, in the documentation or in CI, are noxfile.py's."""
    importlib.import_module("noxfile")
    options = itertools.takewhile(lambda word: word != "--", arguments)
    wanted = {word.partition("(")[0] for word in options if not word.startswith("-")}
    assert wanted <= nox.registry.get().keys()


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is to a file that git has, or will have, and to a heading of it."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    """A file of the project that a page names between backticks is there."""
    folders = "|".join(("docker", "docs", "gradlock", "requirements", "tests", "website"))
    for span in spans(page.read_text(encoding="utf-8")):
        if re.fullmatch(rf"({folders})/[\w./-]+", span):
            assert (store.ROOT / span).exists(), span


def table(text: str, heading: str) -> list[list[str]]:
    """Return the rows below a table's heading row, as cells."""
    _, _, below = text.partition(f"{heading}\n")
    assert below, f"there is no table {heading}"
    rows = itertools.takewhile(lambda line: line.startswith("|"), below.splitlines()[1:])
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_readme_has_the_variants() -> None:
    """README's table is true of variants.toml; a row that a user adds need not stand in it."""
    heading = "| variant | Python | TensorFlow | CUDA | cuDNN | least driver |"
    rows = [
        [row.name, row.python, row.tensorflow, row.cuda, row.cudnn, row.driver]
        for row in variants.load()
    ]
    shown = table(README.read_text(encoding="utf-8"), heading)
    assert [row[0] for row in shown][:3] == ["cpu", "cu125", "cu129"]
    assert all(row in [[cell or "-" for cell in row] for row in rows] for row in shown)


@pytest.mark.parametrize("name", ["requirements/base.in", "environment.yml"])
def test_docs_have_the_packages(name: str) -> None:
    """The page on images names what a person asked for, and nothing else."""
    page = store.ROOT / "docs/images.md"
    rows = dict(table(page.read_text(encoding="utf-8"), "| from | what |"))
    named = [word for word in re.findall(r"`([^`]+)`", rows[f"`{name}`"]) if "." not in word]
    text = (store.ROOT / name).read_text(encoding="utf-8")
    asked: list[str] = (
        yaml.safe_load(text)["dependencies"]
        if name.endswith(".yml")
        else re.findall(r"(?m)^[a-z][\w-]*", text)
    )
    assert [word for word in named if not word.startswith("/")] == sorted(asked)


def test_a_page_shows_the_program_that_the_suite_runs() -> None:
    """The remedy stands on the page as it is in the image's tests, but for its docstring."""
    path = store.ROOT / "tests/image/gradients/values/summed.py"
    program = path.read_text(encoding="utf-8").split('"""', 2)[2].strip("\n")
    page = (store.ROOT / "docs/wrong.md").read_text(encoding="utf-8")
    assert f"```python\n{program}\n```" in page


def test_second_command_is_ci() -> None:
    """What .ci/run runs is the second command of README."""
    block = re.findall(r"(?ms)^```sh\n(.*?)^```", README.read_text(encoding="utf-8"))[0]
    (_, first), (_, second) = commands(block)
    assert (first, second) == (["setup", "image"], ["setup", "test"])
    assert list(commands((store.ROOT / ".ci/run").read_text())) == [("inv", second)]


def test_workflow_asks_for_little() -> None:
    """No permission by default, reading at most, and actions pinned by commit.

    Only the job that publishes may write, and only the site; it runs nothing of the tree.
    """
    workflow: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        if name == "publish":
            assert job["permissions"] == {"pages": "write", "id-token": "write"}
            assert not any("run" in step for step in job["steps"])
            assert "refs/heads/main" in job["if"]
            assert job["needs"] == ["gate"]
        else:
            assert job.get("permissions", {}) in ({}, {"contents": "read"})
        for action in (step["uses"] for step in job["steps"] if "uses" in step):
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action)
    assert set(workflow["jobs"]["gate"]["needs"]) == workflow["jobs"].keys() - {"gate", "publish"}


def test_no_machine_in_the_tree() -> None:
    """No file names a folder of one machine, or the host of a registry: mirrors differ."""
    foreign = re.compile(
        r"\b(pypi|pythonhosted|npmjs)\.\w|\w\.debian\.(org|net)|/(root|tmp/w|work/(main|shared))/"
    )
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=store.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name and not name.endswith(BINARY)]
    assert "README.md" in names
    found = [
        (name, match[0])
        for name in names
        if (store.ROOT / name).exists()
        and (match := foreign.search((store.ROOT / name).read_text(encoding="utf-8")))
    ]
    assert found == []
