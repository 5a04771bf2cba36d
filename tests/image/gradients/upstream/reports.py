"""Reports for upstream: each is a program that stands alone, and its docstring the text to file.

    python reports.py       in a checkout: write docs/upstream.md from them

A docstring's first line is the title. After "It prints:" it has what the program prints: what is
found, what is expected, and what the remedy gives.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = Path("docs/upstream.md")
PROJECTS = {"tensorflow": "TensorFlow", "keras": "Keras"}
VERSIONS = "TensorFlow 2.21.0, Keras 3.15.1, Python 3.13, on a CPU."
#: What comes before the output in a docstring.
PRINTS = "\n\nIt prints:\n\n"
#: What asks for a process of its own: it must come before TensorFlow starts, or before any other
#: CTC loss, whose loop it would run: ctc_called.
ALONE = ("set_logical_device_configuration", "os.fork()", "tf.nn.ctc_loss(")
INTRODUCTION = """\
# Upstream

What TensorFlow 2.21.0 and Keras 3.15.1 get wrong, and of which no report was found upstream: the
text to file, with a program that shows it. [What is wrong](wrong.md) has
all that is known, with the numbers of what others have reported. Each program runs alone in an
image, on a CPU:

```sh
docker run --rm -i --network none gradlock:cpu python - < FILE
```

They lie in [tests/image/gradients/upstream](../tests/image/gradients/upstream), and the suite
`gradients` runs them with `--tier all`: it fails once one prints anything else, be it that upstream
mended it, which the records of the core tell, too. Each prints what it found, what is expected, and
what the remedy gives. This page is written from them, by
`python tests/image/gradients/upstream/reports.py`.
"""


@dataclass(frozen=True)
class Report:
    """A report: for which project, its title, the text, the program, and what that prints."""

    path: Path
    title: str
    text: str
    program: str
    printed: str

    @property
    def name(self) -> str:
        """Return the heading on the page."""
        return self.path.stem

    @property
    def project(self) -> str:
        """Return the folder, which is the project's."""
        return self.path.parent.name

    @property
    def alone(self) -> bool:
        """Whether the program needs a process of its own."""
        return any(word in self.program for word in ALONE)

    @property
    def answers(self) -> dict[str, str]:
        """Return what is printed, by "found", "expected" and "remedy"."""
        pairs = (line.split(maxsplit=1) for line in self.printed.splitlines())
        return dict(pairs)


def read(path: Path) -> Report:
    """Return a program's report."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    said = ast.get_docstring(tree)
    if said is None or PRINTS not in said:
        raise ValueError(f"{path}: its docstring has no title, or does not say what it prints")
    words, _, printed = said.partition(PRINTS)
    title, _, text = words.partition("\n\n")
    below = source.splitlines()[tree.body[0].end_lineno :]
    lines = [line.removeprefix("    ") for line in printed.splitlines()]
    return Report(path, title, text, "\n".join(below).strip("\n"), "\n".join(lines))


def load() -> list[Report]:
    """Return all reports, TensorFlow's first."""
    return [read(path) for project in PROJECTS for path in sorted((HERE / project).glob("*.py"))]


def page(reports: list[Report]) -> str:
    """Return the page that shows them."""
    parts = [INTRODUCTION]
    for project, called in PROJECTS.items():
        parts.append(f"## {called}\n")
        for report in reports:
            if report.project == project:
                parts += [f"### {report.name}\n", f"**{report.title}**\n", f"{report.text}\n"]
                parts.append(f"```python\n{report.program}\n```\n")
                parts.append(f"```text\n{report.printed}\n```\n\n{VERSIONS}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(load()), encoding="utf-8")
