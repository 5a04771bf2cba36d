"""The command line: help wherever it is asked for, several words, and no flag without a meaning."""

from __future__ import annotations

import pytest

import tasks
from gradlock.verbs import program
from gradlock.verbs.program import Program
from tests.unit.verbs.conftest import Inv

VERBS = tuple(tasks.namespace.task_names)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "words",
    [("{}", "-h"), ("{}", "--help"), ("-h", "{}"), ("--help", "{}"), ("--help={}",)],
    ids=" ".join,
)
def test_every_verb_can_be_asked_for_help(
    verb: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        Program(tasks.namespace).run(["inv", *(word.format(verb) for word in words)])
    assert not caught.value.code
    assert f"Usage: ./inv [--core-opts] {verb} " in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["--list"], ["-l"]], ids=" ".join)
def test_every_verb_is_listed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        Program(tasks.namespace).run(["inv", *words])
    assert not caught.value.code
    lines = capsys.readouterr().out.splitlines()
    assert set(VERBS) <= {line.split()[0] for line in lines if line.strip()}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("suite smoke gradients", "suite smoke,gradients"),
        ("suite smoke,gradients", "suite smoke,gradients"),
        ("suite smoke gradients --gpu", "suite smoke,gradients --gpu"),
        ("suite smoke --variant cpu", "suite smoke --variant cpu"),
        ("suite smoke gradients variants", "suite smoke,gradients variants"),
        ("setup suite smoke gradients", "setup suite smoke,gradients"),
        ("drift cpu cu125", "drift cpu cu125"),
        ("suite", "suite"),
    ],
)
def test_several_words_are_read_as_one_argument(given: str, read: str) -> None:
    assert program.several_as_one(given.split(), VERBS) == read.split()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("diff", "diff"),
        ("diff HEAD~1", "diff --old=HEAD~1"),
        ("diff cpu cu125 --json", "diff --old=cpu --new=cu125 --json"),
        ("diff --markdown v1 v2", "diff --markdown --old=v1 --new=v2"),
        ("diff v1 v2 variants", "diff --old=v1 --new=v2 variants"),
        ("drift cpu cu125", "drift cpu cu125"),
        ("stop 8888", "stop --name=8888"),
        ("stop --all", "stop --all"),
        ("stop", "stop"),
        ("logs --follow 8888", "logs --follow --name=8888"),
        ("logs 8888 --follow", "logs --name=8888 --follow"),
        ("tensorboard logs", "tensorboard --logdir=logs"),  # also the name of a verb
        (
            "tensorboard --no-browser --port 7000 runs",
            "tensorboard --no-browser --port 7000 --logdir=runs",
        ),
        ("tensorboard --port=7000 runs", "tensorboard --port=7000 --logdir=runs"),
        ("tensorboard --logdir runs", "tensorboard --logdir runs"),
        ("stop 8888 ps", "stop --name=8888 ps"),
        ("--debug stop 8888", "--debug stop --name=8888"),
        ("image stop", "image stop"),
    ],
)
def test_a_word_that_can_be_left_out_is_read(given: str, read: str) -> None:
    program = Program(tasks.namespace)
    program.normalize_argv(["inv", *given.split()])
    assert program.argv[1:] == read.split()


@pytest.mark.parametrize(
    "given", ["image --gpu", "shell --command x -- --help", "--help image", "--help"]
)
def test_a_line_that_asks_for_no_help_of_a_verb_stays(given: str) -> None:
    assert program.help_first(given.split(), VERBS) == given.split()


@pytest.mark.parametrize(
    "argv",
    [
        *(("image", f"-{letter}") for letter in "acgpsvdeTfw"),
        ("lab", "-p", "9000"),
        ("--dry", "image"),
        ("image", "--dry"),
        ("image", "--pty"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_a_flag_without_a_meaning_is_refused(
    argv: tuple[str, ...], no_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        Program(tasks.namespace).run(["inv", *argv])
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "  mend:  ./inv --" in said


def test_the_version_is_the_projects(inv: Inv) -> None:
    assert inv("--version").stdout == "gradlock 0.1.0\n"
