"""How a verb ends: with its results, or with a plain message and a status."""

from __future__ import annotations

import errno
import functools
import logging
import signal
from collections.abc import Callable
from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import Task
from rich.console import Console

from gradlock import interrupts
from gradlock.errors import ArtifactError, EngineError, GradlockError, RegistryError, ToolError
from gradlock.interrupts import Interrupted

Body = Callable[..., None]

#: The errors whose cause may lie in the machine, and who looks for it there.
EXAMINED = (EngineError, ArtifactError, RegistryError)
DOCTOR = "  cause: ./inv doctor looks for it"
#: Where results go; progress goes to stderr.
out = Console(highlight=False, soft_wrap=True)


def verb(**options: Any) -> Callable[[Body], Task[Body]]:
    """Make a function a verb: a task that ends plainly where a user or a machine is at fault.

    `options` are invoke's. It makes no short flags by itself: one letter would mean another
    flag in each verb, and `-h` not the help.
    """

    def decorate(body: Body) -> Task[Body]:
        return Task(plainly(body), auto_shortflags=False, **options)

    return decorate


def plainly(body: Body) -> Body:
    """Make a function end with a message instead of a traceback, if its failure was expected.

    With --debug the traceback is shown.
    """

    @functools.wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with interrupts.raised():
                body(*args, **kwargs)
        except GradlockError as error:
            if _debugging():
                raise
            told = f"error: {error}"
            if isinstance(error, EXAMINED) and "./inv doctor" not in told:
                told += f"\n{DOCTOR}"
            raise Exit(told, code=1) from error
        except ImportError as error:
            if _debugging():
                raise
            raise Exit(f"error: {ToolError(str(error))}", code=1) from error
        except OSError as error:
            if _debugging():
                raise
            raise Exit(f"error: {_told(error)}", code=1) from error
        except KeyboardInterrupt as error:
            status = error.status if isinstance(error, Interrupted) else 128 + signal.SIGINT
            message = "interrupted; nothing half-done is used, run it again"
            raise Exit(message, code=status) from None

    return run


def _told(error: OSError) -> GradlockError:
    mend = "free some: ./inv clean" if error.errno == errno.ENOSPC else ""
    return GradlockError(error.strerror or str(error), where=str(error.filename or ""), mend=mend)


def _debugging() -> bool:
    """Whether --debug or INVOKE_DEBUG was given: invoke shows of either only how it logs."""
    return logging.getLogger("invoke").isEnabledFor(logging.DEBUG)
