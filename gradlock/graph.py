"""Jobs that wait for one another, in lanes of threads: what a build is made of.

A job starts when all that it waits for is done, and gets their results. Each lane has as many
threads as its kind of work is worth: a download waits for the network, a writer of layers
for a core. A job takes a thread only when it is ready, so no order of jobs can block; of those
that are ready, the heaviest takes the next one.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")
#: Tells how much a job weighs, when it is ready.
Weight = Callable[[], float]


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of work: what it waits for, and when it ran, in seconds of the graph.

    `spent` are the core-seconds of its own thread.
    """

    name: str
    lane: str
    after: tuple[Job[Any], ...] = ()
    future: Future[T] = field(default_factory=Future)
    start: float = 0.0
    end: float = 0.0
    spent: float = 0.0

    @property
    def result(self) -> T:
        """What the work returned; of a job that is done."""
        return self.future.result(timeout=0)

    @property
    def made(self) -> bool:
        """Whether there is a result."""
        return self.future.done() and not self.failure

    @property
    def failure(self) -> BaseException | None:
        """Why a job that is done has no result."""
        try:
            return self.future.exception(timeout=0)
        except CancelledError as error:
            return error


def ready(name: str, value: T) -> Job[T]:
    """Return a job that has nothing left to do: its result is there."""
    job: Job[T] = Job(name, "")
    job.future.set_result(value)
    return job


class Lane:
    """Threads that take the heaviest of what waits; of what weighs the same, the first."""

    def __init__(self, name: str, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, name)
        self._waiting: queue.PriorityQueue[tuple[float, int, Callable[[], None]]]
        self._waiting = queue.PriorityQueue()
        self._numbers = itertools.count()

    def submit(self, weight: float, run: Callable[[], None]) -> None:
        """Have a thread call `run`.

        Raises:
            RuntimeError: the lane is closed.

        """
        self._waiting.put((-weight, next(self._numbers), run))
        self._pool.submit(self._next)

    def close(self) -> None:
        """Wait for what runs; what waits never begins."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _next(self) -> None:
        _, _, run = self._waiting.get_nowait()  # one was put for each call
        run()


class Graph:
    """Runs jobs side by side, where nothing keeps them apart.

    Used as a context: the block adds jobs and waits for them. After the first failure, or
    when the block ends early, what has not begun never does; `stopping` tells the rest.
    """

    def __init__(self, lanes: Mapping[str, int]) -> None:
        """Make the lanes, each with its number of threads."""
        self._lanes = {name: Lane(name, size) for name, size in lanes.items()}
        self._began = time.monotonic()
        self.jobs: list[Job[Any]] = []
        self.stopping = threading.Event()
        self._keyed: dict[str, Job[Any]] = {}

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for lane in self._lanes.values():
            lane.close()
        for job in self.jobs:  # what a lane never came to
            if not job.future.done():
                job.future.set_exception(CancelledError(job.name))

    def add(
        self,
        name: str,
        lane: str,
        work: Callable[..., T],
        *after: Job[Any],
        weight: Weight = lambda: 0.0,
    ) -> Job[T]:
        """Add a job: `work` gets the results of `after`, in order, when all are there."""
        job: Job[T] = Job(name, lane, after)
        self.jobs.append(job)
        left, lock = [len(after) + 1], threading.Lock()

        def count(_: object = None) -> None:
            with lock:
                left[0] -= 1
                last = left[0] == 0
            if last:
                self._submit(job, work, weight)

        for one in after:
            one.future.add_done_callback(count)
        count()
        return job

    def once(self, key: str, make: Callable[[], Job[T]]) -> Job[T]:
        """Return the job of a key, made the first time: what several wait for is done once."""
        if key not in self._keyed:
            self._keyed[key] = make()
        return self._keyed[key]

    def wait(self, jobs: Iterable[Job[Any]] | None = None) -> None:
        """Wait until these jobs are done, by default all.

        Raises:
            BaseException: what the first of all jobs that failed raised; the others stop.

        """
        wait([job.future for job in jobs or self.jobs], return_when=FIRST_EXCEPTION)
        # A job that waited for one that failed has its error; that which ran ended first.
        failed = [job for job in self.jobs if job.end and job.future.done() and job.failure]
        if failed:
            self.stopping.set()
            failure = min(failed, key=lambda job: job.end).failure
            assert failure is not None
            raise failure

    def _submit(self, job: Job[T], work: Callable[..., T], weight: Weight) -> None:
        broken = next((error for one in job.after if (error := one.failure)), None)
        if broken:
            job.future.set_exception(broken)
            return
        try:
            self._lanes[job.lane].submit(weight(), partial(self._run, job, work))
        except RuntimeError as error:  # the lane is closed: the graph has ended
            job.future.set_exception(CancelledError(str(error)))

    def _run(self, job: Job[T], work: Callable[..., T]) -> None:
        if self.stopping.is_set():
            job.future.set_exception(CancelledError(job.name))
            return
        job.start, before = time.monotonic() - self._began, time.thread_time()
        settle: Callable[[], None]
        try:
            settle = partial(job.future.set_result, work(*(one.result for one in job.after)))
        except BaseException as error:
            settle = partial(job.future.set_exception, error)
        job.end, job.spent = time.monotonic() - self._began, time.thread_time() - before
        settle()

    def critical_path(self) -> list[Job[Any]]:
        """Return the chain of jobs that the last to end waited for, in order of time."""
        path: list[Job[Any]] = []
        last = max(self.jobs, key=lambda job: job.end, default=None)
        while last is not None and last.end:
            path.insert(0, last)
            last = max(last.after, key=lambda job: job.end, default=None)
        return path

    def trace(self) -> dict[str, Any]:
        """Return when each job ran, and the critical path, as plain values."""

        def row(job: Job[Any]) -> dict[str, Any]:
            times = {"start": job.start, "end": job.end, "spent": job.spent}
            return {"name": job.name, "lane": job.lane, **times}

        return {
            "jobs": [row(job) for job in sorted(self.jobs, key=lambda job: job.start)],
            "critical": [row(job) for job in self.critical_path()],
        }

    def stages(self) -> dict[str, float]:
        """Return when the last job of each lane ended, in seconds from the start."""
        ends: dict[str, float] = {}
        for job in self.jobs:
            ends[job.lane] = max(ends.get(job.lane, 0.0), job.end)
        return ends
