"""The tier that runs, and the report of what it measured.

Under pytest-xdist tests run in workers: a result travels as an attribute of its test's report.
"""

from __future__ import annotations

import gc
import json
import os
import time
import zlib
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import facts
import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from gradients import environment, spared, tiers
from gradients.coverage import plugin as coverage
from gradients.mutation import plugin as mutation
from gradients.report import RESULT, Report, Result
from gradients.tiers import Tier
from gradients.verdict import FAILED

REPORT = pytest.StashKey[Report]()
#: So many objects are made before garbage is collected, in place of 2,000.
SELDOM = 10_000
START = pytest.StashKey[float]()
#: What a packed report is told by.
PACKED = "$packed"
#: What a module calls the generator that its tests draw from.
GENERATOR = "_random"

# Several workers share a GPU: none may take all of its memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--tier`."""
    parser.addoption(
        "--tier",
        choices=[tier.value for tier in Tier],
        default=Tier.CORE.value,
        help="how much of the table of cases runs: core (default), or all",
    )
    coverage.add_option(parser)
    mutation.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Start the report."""
    config.stash[tiers.KEY] = Tier(config.getoption("--tier"))
    config.stash[REPORT] = Report()
    config.pluginmanager.register(Collector(config.stash[REPORT]))
    if config.getoption("--coverage") != coverage.OFF:
        config.pluginmanager.register(coverage.Coverage(config))
    if config.getoption("--mutants") or config.getoption("--bugs"):
        config.pluginmanager.register(mutation.Mutation(config))
    config.stash[START] = time.monotonic()
    config.addinivalue_line(
        "markers", "tier_all: left to --tier all: in the core cheaper tests run the same lines"
    )
    # Hundreds of expected failures: the summary has them by reason, the report one by one.
    config.option.reportchars = "fEs"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare what is loaded from the collections of garbage, while it is and later: it stays.

    A graph is full of what refers to itself: each test makes more than Python collects at a time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(SELDOM)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `--tier all` what is marked so, or named in `spared.toml`."""
    config.stash[spared.UNKNOWN] = spared.unknown(item.nodeid for item in items)
    if config.stash[tiers.KEY] is Tier.CORE:
        left = {item: _is_left(item) for item in items}
        config.hook.pytest_deselected(items=[item for item in items if left[item]])
        items[:] = [item for item in items if not left[item]]


def _is_left(item: pytest.Item) -> bool:
    """Whether the core leaves a test to `--tier all`."""
    return item.get_closest_marker("tier_all") is not None or item.nodeid in spared.names()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a test a generator of its own, so that it draws the same in any order of tests.

    What its module draws for all of them was drawn before.
    """
    if isinstance(item, pytest.Function) and hasattr(item.module, GENERATOR):
        own = np.random.default_rng(zlib.crc32(item.name.encode()))
        setattr(item.module, GENERATOR, own)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test, and tell what it came to: of what surrounds it, only what did not pass.

    A worker tells each report to the process that started it, and both take a while: with those of
    setup and teardown, and of a test's begin and end, most of what a small test costs.
    """
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give a test's result to its report."""
    report = yield
    if call.when == "call" and RESULT in item.stash:
        report.gradients = asdict(item.stash[RESULT])
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, dict[str, Any], dict[str, Any]]:
    """Send what passed as one text: pytest-xdist would write each thing that it is made of.

    A test's keywords stay: nothing asks the process that started the worker for them.
    """
    data = yield
    return data if data["outcome"] != "passed" else {PACKED: json.dumps(data | {"keywords": {}})}


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(
    config: pytest.Config, data: dict[str, Any]
) -> pytest.TestReport | pytest.CollectReport | None:
    """Read it as pytest does."""
    if PACKED not in data:
        return None
    return config.hook.pytest_report_from_serializable(config=config, data=json.loads(data[PACKED]))


class Collector:
    """Collects the results, from whichever process they come."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a test's result."""
        if hasattr(report, "gradients"):
            self._report.results.append(Result(**report.gradients))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report beside JUnit's file, where one is asked for."""
    report, xml = session.config.stash[REPORT], session.config.option.xmlpath
    if hasattr(session.config, "workerinput") or not (report.results and xml):
        return
    versions = {pin.name: pin.version for pin in facts.installed()}
    report.facts = {
        "variant": facts.name(),
        "tensorflow": environment.tensorflow(),
        "keras": versions["keras"],
        "numpy": versions["numpy"],
        "tier": session.config.stash[tiers.KEY].value,
        "devices": sorted({result.device for result in report.results}),
        "seconds": round(time.monotonic() - session.config.stash[START], 1),
    }
    report.write(Path(xml))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the report's summary."""
    report = terminalreporter.config.stash[REPORT]
    if report.results:
        terminalreporter.section("gradients")
        advice = environment.advice() if report.counts()[FAILED] else ()
        for line in (*report.lines(), *advice):
            terminalreporter.line(line)
