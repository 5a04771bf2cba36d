"""pip-compile: a second resolver that must agree, and whose every line is understood."""

from __future__ import annotations

import pytest

from gradlock import store
from gradlock.errors import CommandError, LockError
from gradlock.locks.pins import WheelPin
from gradlock.locks.resolve import pip_compiler, pip_tools
from gradlock.locks.resolve.pip_tools import Case
from tests.unit.locks.resolve.conftest import AS_OF, CPU, GPU, IMAGE, SHA256, Index

pytestmark = pytest.mark.usefixtures("own_store")

PINS = (WheelPin("numpy", "2.5.0", SHA256), WheelPin("pandas", "3.0", SHA256))


def test_a_referee_that_agrees_says_nothing(index: Index) -> None:
    pip_tools.referee([Case(CPU, PINS)], AS_OF, IMAGE)
    assert index.interpreter == ["image-python", "-P", pip_compiler.__file__]
    assert index.env["PYTHONHOME"] == "/image"
    assert "numpy==2.5.0\npandas==3.0\n" in index.start


def test_a_referee_that_disagrees_names_every_pin(index: Index) -> None:
    index.compiled = "numpy==2.4.9\nscipy==1.0\n"
    with pytest.raises(LockError, match="uv and pip-compile disagree") as caught:
        pip_tools.referee([Case(GPU, PINS)], AS_OF, IMAGE)
    for difference in (
        "numpy: uv 2.5.0, pip-compile 2.4.9",
        "pandas: uv 3.0, pip-compile absent",
        "scipy: uv absent, pip-compile 1.0",
    ):
        assert difference in caught.value.what
    assert "cu125" in caught.value.where
    assert caught.value.mend


def test_all_rows_that_disagree_are_named(index: Index) -> None:
    index.compiled = "numpy==2.4.9\npandas==3.0\n"
    rows = [Case(CPU, PINS), Case(GPU, PINS, constrain=PINS)]
    with pytest.raises(LockError, match="2 problems") as caught:
        pip_tools.referee(rows, AS_OF, IMAGE)
    assert [error.where for error in caught.value.parts] == [
        "the inputs of cpu",
        "the inputs of cu125",
    ]


def test_what_it_prints_is_read_line_by_line(index: Index) -> None:
    index.compiled = (
        "# a comment\n--extra-index-url https://index.example/simple\n\n"
        "Some.Pkg==1.0 ; python_version > '3'\n"
        "ours @ https://a.example/ours-2.0-py3-none-any.whl\n"
        f"own @ file://{store.ROOT}/vendor/own-1.0-py3-none-any.whl\n"
    )
    pins = (
        WheelPin("some-pkg", "1.0", SHA256),
        WheelPin("ours", "2.0", SHA256, "https://a.example/ours-2.0-py3-none-any.whl"),
        WheelPin("own", "1.0", SHA256, "./vendor/own-1.0-py3-none-any.whl"),
    )
    pip_tools.referee([Case(CPU, pins)], AS_OF, IMAGE)
    assert index.start == (
        "some-pkg==1.0\nours @ https://a.example/ours-2.0-py3-none-any.whl\n"
        "./vendor/own-1.0-py3-none-any.whl\n"
    )


@pytest.mark.parametrize(
    "line", ["ours @ git+https://a.example/ours", "numpy>=2", "-e .", "own @ file:///own-1.tar.gz"]
)
def test_a_line_that_is_no_pinned_wheel_is_an_error(index: Index, line: str) -> None:
    index.compiled = f"numpy==2.5.0\n{line}\n"
    with pytest.raises(LockError, match="no pinned wheel") as caught:
        pip_tools.referee([Case(CPU, PINS)], AS_OF, IMAGE)
    assert line in caught.value.what


def test_a_failure_names_the_inputs(index: Index) -> None:
    index.error = CommandError("it failed", where="python -m piptools", mend="its last lines")
    with pytest.raises(CommandError, match="it failed") as caught:
        pip_tools.referee([Case(CPU, PINS)], AS_OF, IMAGE)
    assert caught.value.where == "requirements/base.in, requirements/cpu.in, variants.toml"
