"""Jobs run in the order that they wait for one another, side by side, and end together."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from functools import partial

import pytest

from gradlock.graph import Graph, ready


def test_a_job_gets_the_results_of_those_that_it_waits_for() -> None:
    with Graph({"work": 2}) as graph:
        one, two = graph.add("one", "work", lambda: 1), ready("two", 2)
        total = graph.add("sum", "work", lambda a, b: a + b, one, two)
        graph.wait()
    assert total.result == 3


def test_jobs_that_need_nothing_of_one_another_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)
    with Graph({"work": 2}) as graph:
        for name in ("a", "b"):
            graph.add(name, "work", both.wait)
        graph.wait()


def test_lanes_do_not_wait_for_one_another() -> None:
    go = threading.Event()
    with Graph({"slow": 1, "fast": 1}) as graph:
        graph.add("slow", "slow", lambda: go.wait(10))
        graph.add("fast", "fast", go.set)
        graph.wait()
    assert go.is_set()


def test_no_order_blocks_a_lane_of_one_thread() -> None:
    with Graph({"work": 1}) as graph:
        first = graph.add("first", "work", lambda: 1)
        chain = [first]
        for number in range(50):
            chain.append(graph.add(str(number), "work", lambda n: n + 1, chain[-1]))
        graph.wait()
    assert chain[-1].result == 51


def test_the_first_failure_is_the_one_that_is_raised() -> None:
    def broken() -> None:
        raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"), Graph({"work": 2}) as graph:  # noqa: PT012
        cause = graph.add("cause", "work", broken)
        waiting = [graph.add("waiting", "work", lambda _: None, cause) for _ in range(3)]
        graph.wait()
    assert all(job.failure for job in waiting)


def test_after_a_failure_nothing_begins() -> None:
    ran: list[int] = []

    def broken() -> None:
        raise ValueError

    with pytest.raises(ValueError), Graph({"work": 1}) as graph:  # noqa: PT011, PT012 - raised bare
        graph.add("broken", "work", broken)
        late = [graph.add("late", "work", lambda: time.sleep(0.05)) for _ in range(20)]
        graph.add("last", "work", lambda: ran.append(1))
        graph.wait()
    assert not ran
    assert isinstance(late[-1].failure, CancelledError)


def test_a_block_that_ends_early_tells_those_that_run() -> None:
    told = threading.Event()
    began = threading.Event()

    def work(graph: Graph) -> None:
        began.set()
        if graph.stopping.wait(10):
            told.set()

    with pytest.raises(KeyboardInterrupt), Graph({"work": 1}) as graph:  # noqa: PT012 - ends it
        graph.add("work", "work", lambda: work(graph))
        began.wait(10)
        raise KeyboardInterrupt
    assert told.is_set()


def test_jobs_may_be_added_while_others_run() -> None:
    with Graph({"work": 2}) as graph:
        sizes = [graph.add(str(n), "work", lambda n=n: n) for n in range(5)]
        graph.wait(sizes)
        largest = max(sizes, key=lambda job: job.result)
        after = graph.add("after", "work", lambda n: n * 2, largest)
        graph.wait()
    assert after.result == 8


def test_the_critical_path_is_what_the_last_job_waited_for() -> None:
    with Graph({"work": 4}) as graph:
        short = graph.add("short", "work", lambda: time.sleep(0.01))
        long = graph.add("long", "work", lambda: time.sleep(0.1))
        graph.add("end", "work", lambda *_: time.sleep(0.01), short, long)
        graph.wait()
    assert [job.name for job in graph.critical_path()] == ["long", "end"]


def test_a_trace_tells_when_each_job_ran() -> None:
    with Graph({"work": 1}) as graph:
        first = graph.add("first", "work", lambda: time.sleep(0.01))
        graph.add("second", "work", lambda _: time.sleep(0.01), first)
        graph.wait()
    trace = graph.trace()
    assert [job["name"] for job in trace["jobs"]] == ["first", "second"]
    assert [job["name"] for job in trace["critical"]] == ["first", "second"]
    assert trace["jobs"][0]["end"] <= trace["jobs"][1]["start"]
    assert graph.stages() == {"work": trace["jobs"][1]["end"]}


def test_what_several_wait_for_is_done_once() -> None:
    ran: list[int] = []
    with Graph({"work": 2}) as graph:
        jobs = [
            graph.once("key", lambda: graph.add("once", "work", lambda: ran.append(1)))
            for _ in range(3)
        ]
        graph.wait()
    assert len(set(map(id, jobs))) == 1
    assert ran == [1]


def test_of_jobs_that_are_ready_the_heaviest_is_next() -> None:
    ran: list[str] = []
    go = threading.Event()
    with Graph({"work": 1}) as graph:
        graph.add("first", "work", lambda: go.wait(10))
        for name, weight in {"none": 0.0, "light": 1.0, "heavy": 3.0, "heavy too": 3.0}.items():
            graph.add(name, "work", partial(ran.append, name), weight=partial(float, weight))
        go.set()
        graph.wait()
    assert ran == ["heavy", "heavy too", "light", "none"]


def test_a_job_is_weighed_when_it_is_ready() -> None:
    """What it weighs may be what it waits for that tells."""
    ran: list[str] = []
    sizes: dict[str, float] = {}
    go = threading.Event()
    with Graph({"find": 1, "work": 1}) as graph:
        graph.add("busy", "work", lambda: go.wait(10))
        found = graph.add("find", "find", lambda: sizes.update(late=9.0))
        graph.add("light", "work", lambda: ran.append("light"), weight=lambda: 1.0)
        graph.add("late", "work", lambda _: ran.append("late"), found, weight=lambda: sizes["late"])
        graph.wait([found])
        go.set()
        graph.wait()
    assert ran == ["late", "light"]
