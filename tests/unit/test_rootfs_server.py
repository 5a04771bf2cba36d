"""What gradlock adds to Jupyter's server, which is in the image only: its health, by its own."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from gradlock import store

SERVER = store.ROOT / "docker/rootfs/usr/local/lib/gradlock/gradlock_server.py"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the extension, with what stands for Jupyter's parts that it uses."""

    async def ensure_async(value: Any) -> Any:
        return value

    parts: dict[str, dict[str, Any]] = {
        "jupyter_server": {},
        "jupyter_server.auth": {},
        "jupyter_server.auth.decorator": {"allow_unauthenticated": lambda method: method},
        "jupyter_server.base": {},
        "jupyter_server.base.handlers": {"JupyterHandler": object},
        "jupyter_server.utils": {
            "ensure_async": ensure_async,
            "url_path_join": lambda *parts: "/".join(parts).replace("//", "/"),
        },
        "tornado": {},
        "tornado.web": {"HTTPError": type("HTTPError", (Exception,), {})},
    }
    for name, values in parts.items():
        module = ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("gradlock_server", SERVER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.asyncio, "sleep", ensure_async)
    return module


def answer(
    server: Any, folder: Path, *alive: bool, program: str = sys.executable, near: str = "127.0.0.1"
) -> tuple[int, dict[str, Any]]:
    """Return what the handler answers, of kernels that live or not."""
    kernels = {str(number): lives for number, lives in enumerate(alive)}
    handler, got = server.Health(), []
    handler.request = SimpleNamespace(remote_ip=near)
    handler.kernel_manager = SimpleNamespace(
        default_kernel_name="python3",
        connection_dir=str(folder),
        list_kernel_ids=lambda: list(kernels),
        get_kernel=lambda name: SimpleNamespace(is_alive=lambda: kernels[name]),
    )
    handler.kernel_spec_manager = SimpleNamespace(
        get_kernel_spec=lambda _: SimpleNamespace(argv=[program])
    )
    handler.set_status = got.append
    handler.finish = got.append
    asyncio.run(handler.get())
    return got[0], got[1]


def test_it_is_well_with_kernels_that_live(server: Any, tmp_path: Path) -> None:
    assert answer(server, tmp_path, True, True) == (200, {"kernels": 2, "problem": ""})


def test_kernels_that_stay_dead_are_lost(server: Any, tmp_path: Path) -> None:
    status, told = answer(server, tmp_path, True, False)
    assert status == 503
    assert told["problem"] == "the kernel manager has lost 1 kernels: 1"


def test_a_kernel_whose_program_is_gone_cannot_start(server: Any, tmp_path: Path) -> None:
    status, told = answer(server, tmp_path, program=str(tmp_path / "absent"))
    assert (status, "is not there" in told["problem"]) == (503, True)


def test_without_its_folder_no_kernel_can_start(server: Any, tmp_path: Path) -> None:
    status, told = answer(server, tmp_path / "absent")
    assert (status, "cannot be written to" in told["problem"]) == (503, True)


def test_others_than_the_container_are_not_answered(server: Any, tmp_path: Path) -> None:
    with pytest.raises(server.HTTPError):
        answer(server, tmp_path, near="172.17.0.1")


def test_notebooks_see_tensorboard_below_the_servers_own_path(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.os, "environ", {})
    added: list[Any] = []
    web = SimpleNamespace(add_handlers=lambda _host, handlers: added.extend(handlers))
    app = SimpleNamespace(base_url="/user/ada/", web_app=web)
    server._load_jupyter_server_extension(app)
    assert server.os.environ["TENSORBOARD_PROXY_URL"] == "/user/ada/proxy/%PORT%/"
    assert added == [("/user/ada/gradlock/health", server.Health)]
