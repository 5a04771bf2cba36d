"""What the suite of gradients decides without TensorFlow: verdicts, tiers, the report."""

from __future__ import annotations

import ast
import importlib
import itertools
import json
import math
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.environments.test_environments import TOOLS

IMAGE_SUITES = Path(__file__).parents[1] / "image"


@pytest.fixture
def gradients(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the modules of the suite that know no TensorFlow."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    names = (
        *("case", "records", "verdict", "report", "tiers", "gaps", "inputs", "sweep"),
        *("environment", "alike"),
    )
    return SimpleNamespace(**{name: importlib.import_module(f"gradients.{name}") for name in names})


#: What the suite imports besides: the suites' own, and what TensorFlow and pytest bring.
BROUGHT = {"facts", "gradients", "tensorflow", "numpy", "ml_dtypes", "packaging", "_pytest"}
#: Modules that have another name than their distribution.
MODULES = {"scikit-learn": "sklearn", "pytest-xdist": "xdist"}


def test_an_older_release_gets_all_that_the_suite_imports() -> None:
    """Its environment has those tools alone, and is made once a week: here it is told at once."""
    imported = set()
    for path in (IMAGE_SUITES / "gradients").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    found = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - BROUGHT
    assert found <= {MODULES.get(name, name) for name in TOOLS}


WRONG, RAISES = {"reason": "known"}, {"reason": "known", "raises": "no entry for: Lu"}


@pytest.mark.parametrize(
    ("outcome", "known", "status", "why"),
    [
        ({"error": 1e-9}, None, "passed", ""),
        ({"error": 1e-3}, None, "failed", "error 1.0e-03"),
        ({"error": math.nan}, None, "failed", "nan"),
        ({"error": math.inf}, None, "failed", "inf"),
        ({"raised": "LookupError: no entry for: Lu"}, None, "failed", "LookupError"),
        ({"error": 1e-3}, WRONG, "expected", "known"),
        ({"error": math.nan}, WRONG, "expected", "known"),
        ({"error": 1e-9}, WRONG, "failed", "no longer wrong: remove"),
        ({"raised": "LookupError: no entry for: Lu"}, WRONG, "failed", "recorded as wrong"),
        ({"raised": "LookupError:\nno entry for: Lu"}, RAISES, "expected", "known"),
        ({"raised": "LookupError: no entry for: Qr"}, RAISES, "failed", "not by raising"),
        ({"error": 1e-3}, RAISES, "failed", "not by raising"),
        ({"error": 1e-9}, RAISES, "failed", "no longer wrong: remove"),
        ({"error": 1e-9}, WRONG | {"always": False}, "passed", ""),
        ({"error": 1e-3}, WRONG | {"always": False}, "expected", "known"),
    ],
)
def test_verdict(
    gradients: SimpleNamespace,
    outcome: dict[str, Any],
    known: dict[str, Any] | None,
    status: str,
    why: str,
) -> None:
    record = gradients.case.Known(**known) if known else None
    measured = gradients.verdict.Outcome(1e-6, **outcome)
    found = gradients.verdict.judge(measured, record, measured.signature or None)
    assert found.status == status
    assert why in found.why


@pytest.mark.parametrize(
    ("outcome", "recorded", "status"),
    [
        ({"error": 0.25}, "2.500e-01", "expected"),
        ({"error": 0.2501}, "2.500e-01", "expected"),
        ({"error": 0.26}, "2.500e-01", "failed"),
        ({"error": math.nan}, "nan", "expected"),
        ({"error": math.nan}, "2.500e-01", "failed"),
        ({"error": 0.25}, "nan", "failed"),
        ({"error": 0.25}, None, "failed"),
        ({"raised": "LookupError: no entry for: Lu [Op:Lu]"}, "LookupError Lu", "expected"),
        ({"raised": "ValueError: no entry for: Lu [Op:Lu]"}, "LookupError Lu", "failed"),
        ({"raised": "LookupError: no entry for: Lu [Op:Qr]"}, "LookupError Lu", "failed"),
        (
            {"raised": "LookupError: no entry for: Lu", "place": "lu"},
            "LookupError in lu",
            "expected",
        ),
        ({"raised": "LookupError: no entry for: Lu"}, None, "failed"),
    ],
)
def test_a_record_is_of_one_failure_alone(
    gradients: SimpleNamespace, outcome: dict[str, Any], recorded: str | None, status: str
) -> None:
    """Another wrong value, another type or another operation is another defect."""
    known = gradients.case.Known(**(RAISES if "raised" in outcome else WRONG))
    found = gradients.verdict.judge(gradients.verdict.Outcome(1e-6, **outcome), known, recorded)
    assert found.status == status


def test_an_answer_that_wavers_has_no_value_to_hold(gradients: SimpleNamespace) -> None:
    verdict, record = gradients.verdict, gradients.case.Known("known", wavers=True)
    assert verdict.judge(verdict.Outcome(1e-6, 1.0), record).status == "expected"
    assert verdict.judge(verdict.Outcome(1e-6, math.nan), record).status == "expected"
    assert verdict.judge(verdict.Outcome(1e-6, 0.0), record).status == "failed"


def test_records_are_written_as_they_are_read(gradients: SimpleNamespace) -> None:
    """From a report, in the order of names, without what passes."""
    results = [
        {"case": "linalg/qr", "check": "xla", "signature": "LookupError Qr"},
        {"case": "fft/rfft(axis=-1)", "check": "second", "signature": "1.000e+00"},
        {"case": "fft/rfft(axis=-1)", "check": "xla", "signature": ""},
    ]
    read = tomllib.loads(gradients.records.text(results))
    assert read == {
        "fft/rfft(axis=-1)": {"second": "1.000e+00"},
        "linalg/qr": {"xla": "LookupError Qr"},
    }
    assert list(read) == sorted(read)


def test_an_environment_has_records_of_what_differs_there(
    gradients: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of another type, another value, or where others have none; the rest is as everywhere."""
    records = gradients.records
    monkeypatch.setattr(records, "FILE", tmp_path / "records.toml")
    records.recorded.cache_clear()
    plain = {"qr": {"xla": "LookupError Qr", "second": "1.000e+00"}, "fft": {"xla": "nan"}}
    other = {
        "qr": {"xla": "ValueError Qr", "second": "1.0001e+00"},
        "lu": {"xla": "LookupError Lu"},
    }

    def results(of: dict[str, dict[str, str]]) -> list[dict[str, str]]:
        return [
            {"case": case, "check": check, "signature": signature}
            for case, found in of.items()
            for check, signature in found.items()
        ]

    records.file().write_text(records.text(results(plain)))
    assert records.recorded("onednn-off") == plain
    records.file("onednn-off").write_text(records.text(results(other), plain))
    records.recorded.cache_clear()
    assert tomllib.loads(records.file("onednn-off").read_text()) == {
        "qr": {"xla": "ValueError Qr"},
        "lu": {"xla": "LookupError Lu"},
    }
    assert records.recorded("tensorflow-2.20", "onednn-off") == {
        "qr": {"xla": "ValueError Qr", "second": "1.000e+00"},
        "fft": {"xla": "nan"},
        "lu": {"xla": "LookupError Lu"},
    }
    assert records.recorded() == plain
    records.recorded.cache_clear()


def test_an_environment_is_named_by_its_release_and_by_onednn(
    gradients: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = gradients.environment
    monkeypatch.setattr(environment, "tensorflow", lambda: "2.20.1rc0")
    for onednn, names in ((True, ("tensorflow-2.20",)), (False, ("tensorflow-2.20", "onednn-off"))):
        environment.names.cache_clear()
        monkeypatch.setattr(environment, "onednn", lambda onednn=onednn: onednn)
        assert environment.names() == names
        advice = list(environment.advice())
        assert len(advice) == len(names)
        assert all(f"records.{name}.toml" in line for name, line in zip(names, advice, strict=True))
    environment.names.cache_clear()


def test_where_records_are_of_this_environment_nothing_is_advised(
    gradients: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = gradients.environment
    monkeypatch.setattr(environment, "names", lambda: (f"tensorflow-{environment.RECORDED}",))
    assert not list(environment.advice())


def test_a_sweep_has_a_row_for_each_choice(gradients: SimpleNamespace) -> None:
    """Of the product, those that it wants; each value leads once; a function is given its own."""
    rows = list(
        gradients.sweep.sweep(
            "sum",
            lambda rank: [gradients.inputs.normal(*(2,) * rank)],
            lambda x, axis, rank: x.sum(axis),
            only=lambda axis, rank: axis < rank,
            axis=(0, 1),
            rank=(1, 2, 3),
        )
    )
    names = [f"sum(axis={axis}, rank={rank})" for axis in (0, 1) for rank in (1, 2, 3)]
    assert [row.name for row in rows] == [name for name in names if name != names[3]]
    assert [row.lead for row in rows] == [True, True, True, True, False]
    assert [row.first for row in rows] == [True, False, False, True, False]
    assert [row.draw()[0].ndim for row in rows] == [1, 2, 3, 2, 3]
    assert [row.function(*row.draw()).ndim for row in rows] == [0, 1, 2, 1, 2]


def test_a_kind_of_value_is_shown_once(gradients: SimpleNamespace) -> None:
    """Of numbers the sign, of names each, of shapes how many there are and which are 0."""
    values = (0, 1, 2, -1, -2, "add", "sub", None, (0, 1), (0, 2), (1, 0), (1, 1, 1))
    rows = gradients.sweep.sweep("row", [], abs, value=values)
    first = [value for value, row in zip(values, rows, strict=True) if row.first]
    assert first == [0, 1, -1, "add", "sub", None, (0, 1), (1, 0), (1, 1, 1)]


def test_a_value_leads_for_each_function_only_where_it_is_said_to(
    gradients: SimpleNamespace,
) -> None:
    """Else once; and each function leads once, whatever is said."""
    rows = gradients.sweep.sweep(
        "reduce",
        [gradients.inputs.normal(2, 2, 2)],
        lambda x, of, axis: of(x, axis),
        leads=lambda axis: axis == 2,
        of=("sum", "max"),
        axis=(0, 1, 2),
    )
    assert [row.lead for row in rows] == [True, True, True, True, False, True]


def test_the_core_chooses_rows_for_the_dearest_checks(gradients: SimpleNamespace) -> None:
    tier = gradients.tiers.Tier
    row = gradients.case.Case("ctc", [], abs, group="loss")
    assert not tier.CORE.has(row, "forward")
    assert tier.CORE.has(row, "reverse")
    assert tier.CORE.has(replace(row, name="l2_loss"), "forward")
    assert tier.ALL.has(row, "forward")


def test_all_chooses_rows_for_the_dearest_checks_by_their_operations(
    gradients: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known to be wrong is asked whether it still is, whatever stands for it."""
    monkeypatch.setattr(gradients.alike, "left", lambda: {"loss/twice"})
    tier, checks = gradients.tiers.Tier.ALL, gradients.case.CHECKS
    row = gradients.case.Case("twice", [], abs, group="loss")
    left = {check for check in checks if not tier.has(row, check)}
    assert left == {"forward", "called", "xla", "jacobian"}
    known = {"xla": gradients.case.Known("wrong")}
    assert tier.has(replace(row, known=known), "xla")
    assert tier.has(replace(row, name="once"), "xla")


def test_the_core_asks_kernels_of_one_row_of_each_operation(
    gradients: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its value, derivatives and bits are asked of each, and of layers all."""
    monkeypatch.setattr(gradients.alike, "left", lambda: {"loss/twice", "layers/twice"})
    tier, checks = gradients.tiers.Tier.CORE, gradients.case.CHECKS
    row = gradients.case.Case("twice", [], abs, group="loss")
    alone = replace(row, name="once")
    left = {check for check in checks if tier.has(alone, check) and not tier.has(row, check)}
    assert left == {"relaxed", "float32", "bfloat16", "float16"}
    assert tier.has(replace(row, known={"float32": gradients.case.Known("wrong")}), "float32")
    assert tier.has(replace(row, group="layers"), "bfloat16")


def test_the_core_leaves_out_sweeps_that_another_shows(gradients: SimpleNamespace) -> None:
    """But a row that is known to be wrong is asked whether it still is."""
    tier = gradients.tiers.Tier
    row = gradients.case.Case("reduce(of=sum)", [], abs, group="axes", swept=True)
    left = replace(row, name="reduce_rank(of=sum)")
    assert tier.CORE.has(row, "relaxed")
    assert tier.CORE.has(left, "reverse")
    assert not tier.CORE.has(left, "relaxed")
    assert tier.ALL.has(left, "relaxed")
    assert tier.CORE.has(replace(left, known={"relaxed": gradients.case.Known("a")}), "relaxed")


def test_rows_are_chosen_until_they_have_every_operation(gradients: SimpleNamespace) -> None:
    small, large, both = frozenset("a"), frozenset("abcdefghi"), frozenset("bz")
    rows = {"small": small, "same": small, "large": large, "both": both, "none": frozenset()}
    chosen = gradients.alike.chosen(rows)
    assert frozenset().union(*(rows[row] for row in chosen)) == large | both
    assert not chosen & {"none", "same"}


def test_rows_that_others_stand_for_are_written_by_group(gradients: SimpleNamespace) -> None:
    rows = {"loss/b", "loss/a", "fft/c"}
    text = gradients.alike.text(rows)
    told = tomllib.loads(text)
    assert told == {"fft": ["c"], "loss": ["a", "b"]}
    assert {f"{group}/{name}" for group, names in told.items() for name in names} == rows


def test_the_core_leaves_out_what_another_row_shows(gradients: SimpleNamespace) -> None:
    tier = gradients.tiers.Tier
    row = gradients.case.Case("LSTM", [], abs, group="recurrent")
    assert tier.CORE.has(row, "function")
    assert not tier.CORE.has(replace(row, name="LSTM_unrolled"), "function")


def test_on_another_device_a_record_demands_nothing(gradients: SimpleNamespace) -> None:
    verdict, record = gradients.verdict, gradients.case.Known("known")
    right, wrong = verdict.Outcome(1e-6, 0.0), verdict.Outcome(1e-6, 1.0)
    assert verdict.judge(right, record, measured=False).status == "passed"
    assert verdict.judge(wrong, record, measured=False).status == "expected"


def test_a_gpu_has_records_of_its_own_before_the_cpus(gradients: SimpleNamespace) -> None:
    on_cpu, on_gpu = (gradients.case.Known(place) for place in ("cpu", "gpu"))
    known = {"xla": on_cpu, "second": on_cpu}
    row = gradients.case.Case("lu", [], abs, known=known, on_gpu={"xla": on_gpu, "repeat": on_gpu})
    asked = ("xla", "second", "repeat", "reverse")
    expected = [row.expected(check, gpu=False, onednn=False) for check in asked]
    assert expected == [on_cpu, on_cpu, None, None]
    expected = [row.expected(check, gpu=True, onednn=False) for check in asked]
    assert expected == [on_gpu, on_cpu, on_gpu, None]
    with pytest.raises(ValueError, match="no check revrse"):
        gradients.case.Case("lu", [], abs, on_gpu={"revrse": on_gpu})


def test_what_onednn_computes_has_records_without_it(gradients: SimpleNamespace) -> None:
    half, none = (gradients.case.Known(what) for what in ("half", "none"))
    row = gradients.case.Case(
        "conv", [], abs, known={"float16": half}, without_onednn={"float16": none, "xla": none}
    )
    for onednn, known in ((True, [half, None]), (False, [none, none])):
        found = [row.expected(check, gpu=False, onednn=onednn) for check in ("float16", "xla")]
        assert found == known


@pytest.mark.parametrize(
    ("specifier", "release", "holds"),
    [("", "2.21.0", True), ("<2.22", "2.21.0", True), ("<2.22", "2.22.0rc1", False)],
)
def test_a_record_holds_for_releases(
    gradients: SimpleNamespace, specifier: str, release: str, holds: bool
) -> None:
    record = gradients.case.Known("known", tensorflow=specifier)
    assert (gradients.verdict.applies(record, release) is record) == holds


def test_a_row_names_checks_that_exist(gradients: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match="no check revrse"):
        gradients.case.Case("exp", [], abs, known={"revrse": gradients.case.Known("known")})


def test_inputs_are_the_same_again_and_of_their_own(gradients: SimpleNamespace) -> None:
    case = gradients.case.Case("exp", [gradients.inputs.normal(3)], abs, group="special")
    other = gradients.case.Case("log", [gradients.inputs.normal(3)], abs, group="special")
    assert (case.draw()[0] == case.draw()[0]).all()
    assert (case.draw()[0] != other.draw()[0]).all()


def test_distinct_has_no_ties(gradients: SimpleNamespace) -> None:
    case = gradients.case.Case(
        "max",
        [gradients.inputs.distinct(3, 4), gradients.inputs.distinct(3, 4, offset=0.3)],
        abs,
    )
    values = sorted(value for array in case.draw() for value in array.flat)
    assert min(after - before for before, after in itertools.pairwise(values)) > 0.05


def test_the_core_has_every_case(gradients: SimpleNamespace) -> None:
    tier, checks = gradients.tiers.Tier, gradients.case.CHECKS
    case = gradients.case.Case("fft", [], abs, group="fft")
    core = [check for check in checks if tier.CORE.has(case, check)]
    left = {"forward", "function", "called", "xla", "jacobian", "bfloat16", "float16", "repeat"}
    assert set(checks) - set(core) == left
    assert all(tier.ALL.has(case, check) for check in checks)


def test_upstream_reports_are_addresses(gradients: SimpleNamespace) -> None:
    known = {
        record
        for value in vars(gradients.gaps).values()
        if isinstance(value, dict)
        for record in value.values()
        if isinstance(record, gradients.case.Known)
    }
    assert len(known) > 20
    assert all(not one.issue or one.issue.startswith("https://github.com/") for one in known)


@pytest.fixture
def report(gradients: SimpleNamespace) -> Any:
    """Return a report of a check that passed, one that was expected to fail, one that failed."""
    common = {"device": "CPU:0", "tolerance": 1e-6, "issue": "", "seconds": 0.1}
    return gradients.report.Report(
        {
            **{"variant": "cpu", "tensorflow": "2.21.0", "keras": "3", "numpy": "2"},
            **{"tier": "core", "devices": ["CPU:0"], "seconds": 1.0},
        },
        [
            gradients.report.Result(
                **common,
                case="linalg/matmul",
                check="reverse",
                status="passed",
                error=2e-7,
                outcome="error 2e-07",
                why="",
            ),
            gradients.report.Result(
                **common | {"issue": "https://github.com/tensorflow/tensorflow/issues/1"},
                case="linalg/lu",
                check="reverse",
                status="expected",
                error=None,
                outcome="LookupError: Lu",
                why="Lu has no gradient",
            ),
            gradients.report.Result(
                **common,
                case="linalg/<b>",
                check="xla",
                status="failed",
                error=None,
                outcome="nan",
                why="error nan",
            ),
        ],
    )


def test_report_as_json(report: Any) -> None:
    found = json.loads(report.to_json())
    assert found["counts"] == {"passed": 1, "expected": 1, "failed": 1}
    assert [one["case"] for one in found["results"]] == ["linalg/matmul", "linalg/lu", "linalg/<b>"]


def test_report_as_one_page(report: Any, tmp_path: Path) -> None:
    """Every case, every reason; nothing to load; names are text, not markup."""
    report.write(tmp_path / "gradients.xml")
    page = (tmp_path / "gradients.html").read_text()
    assert "linalg/matmul" in page
    assert "Lu has no gradient" in page
    assert "linalg/&lt;b&gt;" in page
    assert "<b>," not in page
    assert 'href="https://github.com/tensorflow/tensorflow/issues/1"' in page
    assert not any(loads in page for loads in ("<script", "<link", "src=", "@import"))


def test_summary_of_a_terminal(report: Any) -> None:
    said = "\n".join(report.lines())
    assert "1 expected: Lu has no gradient: linalg/lu" in said
    assert "reverse: at worst error 2e-07 (linalg/matmul, CPU:0)" in said
    assert "1 passed, 1 expected, 1 failed" in said


@pytest.mark.parametrize(
    ("error", "shade"),
    [(0.0, 0), (1e-11, 0), (5e-10, 1), (5e-9, 2), (5e-8, 3), (5e-7, 4), (1e-6, 4)],
)
def test_shade(report: Any, gradients: SimpleNamespace, error: float, shade: int) -> None:
    assert replace(report.results[0], error=error).shade == shade


def test_a_swept_row_runs_the_cheap_checks_and_leads_the_dear(gradients: SimpleNamespace) -> None:
    """In the core `reverse` of each; whatever the core runs, `all` runs as well."""
    tier, checks = gradients.tiers.Tier, gradients.case.CHECKS
    for group in gradients.tiers.ALL_SWEPT:
        row = gradients.case.Case("row", [], abs, group=group, swept=True, lead=False, first=False)
        lead = replace(row, lead=True, first=True)
        assert [check for check in checks if tier.CORE.has(row, check)] == ["reverse"]
        for one in (row, lead):
            core, everything = ({c for c in checks if t.has(one, c)} for t in tier)
            assert core <= everything
        known = {"relaxed": gradients.case.Known("wrong")}
        assert tier.ALL.has(replace(row, known=known), "relaxed")
        assert tier.ALL.has(lead, "second")
        assert not tier.ALL.has(replace(lead, first=False), "second")
        assert not tier.ALL.has(replace(lead, reference=abs), "second")
