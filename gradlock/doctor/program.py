"""`./inv doctor` itself: what ./inv starts without `.venv`, and what the verb calls."""

from __future__ import annotations

import argparse
import os
import sys

from gradlock.doctor import examination, question, report
from gradlock.doctor.checks import CHECKS
from gradlock.doctor.findings import CONTAINERS, CUDA, DOCKER
from gradlock.errors import InputError
from gradlock.inputs.variants import FLAGS

#: What the flags mean, for whoever parses them.
HELP = {
    **FLAGS,
    "container": "Look at this container alone: why it ended, or what is wrong in it.",
    "json": "Print the findings as JSON, on one line.",
}
#: What is looked at where a container is asked about.
ABOUT_CONTAINERS = (DOCKER, CONTAINERS)
TEACHES = """\
Say what is wrong with this machine, worst first: what was seen, why it matters, what mends it.

It changes nothing, and starts nothing. Without a flag it looks at what this machine could run:
the CPU variant, and the newest CUDA where there is an NVIDIA GPU. The status is 1 where
something is broken.
"""


def run(
    *, variant: str = "", cuda: str = "", gpu: bool = False, container: str = "", json: bool = False
) -> int:
    """Look at everything that the flags ask about, print the report, and return the status.

    Raises:
        InputError: two flags contradict each other, or one names nothing.

    """
    asked = question.ask(variant=variant, cuda=cuda, gpu=gpu, container=container)
    # Who asks about a container is not told of the machine, but of a GPU where they ask for one.
    about = (*ABOUT_CONTAINERS, *((CUDA,) if asked.asked else ()))
    checks = [check for check in CHECKS if not container or check.about in about]
    found = examination.examine(asked, checks)
    told = report.to_json if json else report.text
    print(told(found, container or asked.subject))
    return examination.status(found)


def main() -> None:
    """Parse the command line, and end with the status."""
    parser = argparse.ArgumentParser(
        prog="./inv doctor",
        description=TEACHES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for name, told in HELP.items():
        if name in ("gpu", "json"):
            parser.add_argument(f"--{name}", action="store_true", help=told)
        else:
            kind = "RELEASE" if name == "cuda" else "NAME"
            parser.add_argument(f"--{name}", default="", metavar=kind, help=told)
    try:
        status = run(**vars(parser.parse_args()))
        if sys.stdout:  # closed, there is none
            sys.stdout.flush()
    except InputError as error:
        status = _failed(str(error))
    except KeyboardInterrupt:
        status = 130
    except OSError as error:  # who reads has seen enough, or what is written to is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1 if isinstance(error, BrokenPipeError) else _failed(str(error.strerror))
    sys.exit(status)


def _failed(why: str) -> int:
    """Say why there is no report; return the status."""
    print(f"error: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
