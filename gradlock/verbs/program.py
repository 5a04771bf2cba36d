"""The command line: invoke's, with the flags that mean something here, and help everywhere."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Names

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.parser.argument import Argument
from invoke.program import Program as Invoke

from gradlock import __version__

#: Invoke's own flags that stay. The others are about commands that a verb runs through invoke,
#: which none does: `--dry` would promise to change nothing, and change it.
KEPT = ("help", "list", "debug", "version")
#: Those that invoke's code reads without looking whether they are there; nobody is told of them.
READ = ("complete", "list-depth", "list-format", "print-completion-script", "write-pyc")
#: The letters that mean the same in front of every verb and after it.
LETTERS = {"help": "h", "list": "l"}
#: The verbs whose one positional argument takes several words.
SEVERAL = ("suite",)
#: The verbs that take words that can be left out, and the flags that these stand for.
OPTIONAL = {
    "diff": ("old", "new"),
    "logs": ("name",),
    "stop": ("name",),
    "tensorboard": ("logdir",),
}
TEACHES = ("-h", "--help")


class Program(Invoke):
    """`./inv`: the verbs of a collection."""

    def __init__(self, verbs: Collection) -> None:
        super().__init__(version=__version__, namespace=verbs, name="gradlock", binary="./inv")
        self._verbs = verbs.task_names
        self._switches = {name: switches(verbs[name].body) for name in OPTIONAL if name in verbs}

    def normalize_argv(self, argv: list[str] | None) -> None:
        """Take the command line, with what invoke's parser cannot read put as it can."""
        super().normalize_argv(argv)
        program, *words = self.argv
        words = several_as_one(with_flag(words, self._switches), self._verbs)
        self.argv = [program, *help_first(words, self._verbs)]

    def core_args(self) -> list[Argument]:
        """Return the flags that every verb has."""
        given = {argument.names[0]: argument for argument in super().core_args()}
        for name, argument in given.items():
            argument.names = (name, *LETTERS.get(name, ()))
        return [given[name] for name in (*KEPT, *READ)]

    def print_columns(self, tuples: Iterable[tuple[str, str | None]]) -> None:
        """Print flags, or verbs, with what each does."""
        hidden = tuple(f"--{name}" for name in READ)
        super().print_columns([row for row in tuples if not row[0].startswith(hidden)])

    def parse_tasks(self) -> None:
        """Read the verbs and their flags.

        Raises:
            Exit: one is unknown; it says who teaches them.

        """
        try:
            super().parse_tasks()
        except ParseError as error:
            verb = error.context.name if error.context else None
            mend = f"./inv --help {verb} teaches {verb}" if verb else "./inv --list names the verbs"
            raise Exit(f"error: {error}\n  mend:  {mend}", code=1) from error

    def update_config(self, merge: bool = True) -> None:
        """Leave invoke's settings as they are: no flag changes one."""
        if merge:
            self.config.merge()


def with_flag(words: Sequence[str], switches: Mapping[str, Names[str]]) -> list[str]:
    """Name the words that a verb can do without: `stop 8888` becomes `stop --name=8888`.

    Invoke knows no such arguments. `switches` are the verbs that have some, with their flags
    that take no value. A word may be a verb's name: `tensorboard logs`.
    """
    found: list[str] = []
    verb = ""
    flags: list[str] = []
    for word in words:
        takes_value = bool(found) and found[-1].startswith("-") and "=" not in found[-1]
        given = takes_value and found[-1] not in switches.get(verb, ())
        if verb and not word.startswith("-") and not given:
            found.append(f"--{flags.pop(0)}={word}")
            verb = verb if flags else ""
        else:
            found.append(word)
            if word in switches and not verb:
                verb, flags = word, list(OPTIONAL[word])
    return found


def switches(body: Callable[..., None]) -> set[str]:
    """Return the flags of a verb that take no value: those that are on or off."""
    own = inspect.signature(body).parameters.values()
    names = [given.name.strip("_") for given in own if isinstance(given.default, bool)]
    return {f"--{no}{name}" for name in names for no in ("", "no-")} | set(TEACHES)


def several_as_one(words: Sequence[str], verbs: Names[str]) -> list[str]:
    """Join the words that one argument takes: `suite smoke gradients` to `suite smoke,gradients`.

    Invoke gives a positional argument one word. A verb's name ends them: verbs can follow one
    another.
    """
    found: list[str] = []
    taking = False
    for word in words:
        plain = not word.startswith("-") and word not in verbs
        if plain and taking and found[-1] not in SEVERAL:
            found[-1] += f",{word}"
        else:
            found.append(word)
        taking = word in SEVERAL or (taking and plain)
    return found


def help_first(words: Sequence[str], verbs: Names[str]) -> list[str]:
    """Turn `VERB ... --help` into `--help VERB`.

    Invoke takes the flag for the value of an argument that the verb still lacks: `suite --help`
    would test the suite `--help`.
    """
    named = [word for word in words if word in verbs]
    own = list(itertools.takewhile(lambda word: word != "--", words))
    if named and any(word in TEACHES for word in own[own.index(named[0]) :]):
        return ["--help", named[0]]
    return list(words)
