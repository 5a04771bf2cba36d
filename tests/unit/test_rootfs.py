"""The files that every image gets: the entry point, the health check, Jupyter's settings."""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from gradlock import store

ROOTFS = store.ROOT / "docker" / "rootfs"
ENTRYPOINT = ROOTFS / "usr/local/bin/gradlock-entrypoint"
HEALTHCHECK = ROOTFS / "usr/local/lib/gradlock/healthcheck.py"
SETTINGS = ROOTFS / "etc/jupyter/jupyter_server_config.py"


def test_no_test_leaves_anything_in_the_image(tmp_path: Path) -> None:
    """Run the tests of this module where bytecode is written, as it is on most machines."""
    before = set(ROOTFS.rglob("*"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    argv = [sys.executable, "-m", "pytest", "-q", __file__, "-k", "not leaves_anything"]
    done = subprocess.run(argv, cwd=store.ROOT, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert set(ROOTFS.rglob("*")) == before


# The entry point


Enter = Callable[..., subprocess.CompletedProcess[str]]


#: What the entry point becomes to serve JupyterLab.
SERVE = "/opt/conda/bin/python /usr/local/lib/gradlock/serve.py"
#: Root may write anywhere, so what is tried here is tried as somebody else.
SOMEBODY = 65534 if os.getuid() == 0 else os.getuid()


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Make the folder that stands for the container's /tmp; anybody may use it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def enter(scratch: Path) -> Enter:
    """Run the entry point, with what stands for /tmp and no /dev/shm."""
    text = ENTRYPOINT.read_text().replace("in /tmp /dev/shm", f"in {scratch} /absent")
    assert str(scratch) in text
    # What starts Jupyter is in the image only; here it prints what it is given.
    assert SERVE in text
    text = text.replace(SERVE, "printf [%s]")

    def run(
        *argv: str, user: int = SOMEBODY, folder: Path = scratch, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", text, "gradlock-entrypoint", *argv],
            env={"PATH": os.environ["PATH"], "HOME": str(scratch), **environment},
            user=user if os.getuid() != user else None,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_is_executable() -> None:
    assert os.access(ENTRYPOINT, os.X_OK)


def test_it_becomes_the_command_and_keeps_its_arguments(enter: Enter) -> None:
    done = enter("printf", "[%s]", "a b", "", "*")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[a b][][*]", "")


def test_the_commands_status_is_its_own(enter: Enter) -> None:
    assert enter("sh", "-c", "exit 9").returncode == 9


def test_a_home_that_is_writable_stays(enter: Enter, scratch: Path) -> None:
    assert enter("sh", "-c", "echo $HOME").stdout.strip() == str(scratch)


@pytest.mark.parametrize("home", ["/proc", "/no/such/home", ""])
def test_a_home_that_is_not_writable_is_replaced(enter: Enter, scratch: Path, home: str) -> None:
    done = enter("sh", "-c", "echo $HOME && touch $HOME/file", HOME=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(scratch / "home")
    assert (scratch / "home" / "file").exists()


def test_a_user_id_without_a_name_gets_one(enter: Enter, scratch: Path) -> None:
    (scratch / "id").write_text("#!/bin/sh\nexit 1\n")
    (scratch / "id").chmod(0o755)
    done = enter("sh", "-c", "echo $USER $LOGNAME", PATH=f"{scratch}:{os.environ['PATH']}")
    assert done.stdout.strip() == "gradlock gradlock"


def test_a_user_id_without_a_name_has_one_in_the_prompt(enter: Enter, scratch: Path) -> None:
    r"""Debian's bashrc has `\u`, for which bash itself says "I have no name!"."""
    (scratch / "id").write_text("#!/bin/sh\nexit 1\n")
    (scratch / "id").chmod(0o755)
    (scratch / "rc").write_text("PS1='<\\u@\\h>'\n")
    shell = (
        "bash",
        "--rcfile",
        str(scratch / "rc"),
        "-i",
        "-c",
        'eval "$PROMPT_COMMAND"; echo "$PS1"',
    )
    nameless = enter(*shell, PATH=f"{scratch}:{os.environ['PATH']}")
    assert nameless.stdout == "<gradlock@\\h>\n"
    assert enter(*shell).stdout == "<\\u@\\h>\n"


def test_it_records_the_process_its_home_and_its_command(enter: Enter, scratch: Path) -> None:
    done = enter("sh", "-c", "echo $$")
    record = (scratch / "gradlock-service").read_text().splitlines()
    assert record == [done.stdout.strip(), str(scratch), "sh"]


def test_where_nothing_is_writable_the_command_runs_all_the_same(
    enter: Enter, scratch: Path
) -> None:
    scratch.chmod(0o555)
    done = enter("echo", "ran", HOME="/proc")
    assert done.stdout == "ran\n"
    assert "nothing is writable" in done.stderr


@pytest.mark.parametrize("program", ["jupyter", "jupyter-lab", "/opt/conda/bin/jupyter"])
def test_an_empty_token_is_refused(enter: Enter, program: str) -> None:
    done = enter(program, "lab", JUPYTER_TOKEN="")
    assert done.returncode == 64
    assert "JUPYTER_TOKEN is empty" in done.stderr


def test_an_empty_token_is_nothing_to_other_commands(enter: Enter) -> None:
    assert enter("echo", "ran", JUPYTER_TOKEN="").stdout == "ran\n"


@pytest.mark.parametrize("argv", [("jupyter", "lab"), ("/opt/conda/bin/jupyter-lab",)])
def test_jupyterlab_is_started_by_one_program_however_it_is_called(
    enter: Enter, scratch: Path, argv: tuple[str, ...]
) -> None:
    done = enter(*argv, "--a b", "*")
    assert (done.stdout, done.stderr) == ("[jupyter-lab][--a b][*]", "")
    assert (scratch / "gradlock-service").read_text().splitlines()[2] == "jupyter-lab"


def test_jupyters_other_commands_are_themselves(enter: Enter, scratch: Path) -> None:
    program = scratch / "jupyter"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    assert enter(str(program), "nbconvert", "lab").stdout == "nbconvert lab\n"


@pytest.mark.parametrize("argv", [("jupyter", "lab"), ("jupyter-lab",), ("jupyterhub-singleuser",)])
def test_jupyterhub_gets_its_own_server(enter: Enter, scratch: Path, argv: tuple[str, ...]) -> None:
    done = enter(*argv, "--debug", JUPYTERHUB_API_TOKEN="hubs")  # noqa: S106 (not a secret)
    assert (done.stdout, done.stderr) == ("[jupyterhub-singleuser][--debug]", "")
    assert (scratch / "gradlock-service").read_text().splitlines()[2] == "jupyterhub-singleuser"


def test_an_empty_token_of_jupyterhubs_starts_no_server_of_its(enter: Enter) -> None:
    done = enter("jupyter", "lab", JUPYTERHUB_API_TOKEN="", JUPYTER_TOKEN="")
    assert done.returncode == 64


def test_who_cannot_save_is_told_before_anything_serves(enter: Enter, scratch: Path) -> None:
    locked = scratch / "locked"
    locked.mkdir(mode=0o555)
    done = enter("jupyter", "lab", folder=locked)
    assert done.stdout == "[jupyter-lab]"
    assert f"nothing can be saved in {locked}: Permission denied" in done.stderr
    assert f"user {SOMEBODY}" in done.stderr
    refused = enter("jupyter", "lab", folder=locked, GRADLOCK_MUST_SAVE="1")
    assert (refused.returncode, refused.stdout) == (73, "")


def test_trying_to_save_leaves_nothing(enter: Enter, scratch: Path) -> None:
    folder = scratch / "work"
    folder.mkdir()
    folder.chmod(0o777)
    assert enter("jupyter", "lab", folder=folder, GRADLOCK_MUST_SAVE="1").returncode == 0
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be root")
def test_a_root_that_has_capabilities_does_not_serve(enter: Enter) -> None:
    done = enter("jupyter", "lab", user=0)
    assert (done.returncode, done.stdout) == (64, "")
    assert "--cap-drop ALL" in done.stderr
    assert enter("jupyter", "lab", "--allow-root", user=0).returncode == 0
    assert enter("echo", "ran", user=0).stdout == "ran\n"


# The health check


ANSWERS = {
    "/api/status": {"kernels": 2},
    "/gradlock/health": {"kernels": 2, "problem": ""},
    "/ill/gradlock/health": {"kernels": 2, "problem": "kernels cannot start: for a reason"},
    "/prefix/data/environment": {"version": "2.21"},
}


class Service(http.server.BaseHTTPRequestHandler):
    """Answers as Jupyter and TensorBoard do, to the one right token."""

    def do_GET(self) -> None:
        """Answer what is known; `/api/status` only to the token."""
        closed = self.path == "/api/status"
        allowed = not closed or self.headers["Authorization"] == "token right"
        ill = 503 if self.path.startswith("/ill") else 200
        self.send_response(ill if allowed and self.path in ANSWERS else 403)
        self.end_headers()
        self.wfile.write(json.dumps(ANSWERS.get(self.path)).encode())

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Serve, and give the port."""
    with http.server.HTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


Health = Callable[..., tuple[int, str]]


@pytest.fixture
def health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Health:
    """Run the health check over a record; by default of a process that runs, this one."""
    # Its bytecode would lie in what is laid over every image.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("healthcheck", HEALTHCHECK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    record = tmp_path / "record"
    monkeypatch.setattr(module, "RECORDS", (tmp_path / "absent", record))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/elsewhere")
    # jupyter_core is in the image; this is where it would look, from HOME.
    paths = ModuleType("jupyter_core.paths")
    paths.jupyter_runtime_dir = lambda: os.environ["HOME"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jupyter_core", ModuleType("jupyter_core"))
    monkeypatch.setitem(sys.modules, "jupyter_core.paths", paths)

    def run(*argv: str, pid: int = os.getpid()) -> tuple[int, str]:
        if argv:
            record.write_text("\n".join([str(pid), str(tmp_path), *argv, ""]) + "\n")
        return module.main(), capsys.readouterr().out.strip()

    return run


def jupyter_record(folder: Path, port: int, **changed: Any) -> None:
    """Write what a Jupyter server writes of itself."""
    server = {
        "hostname": "0.0.0.0",  # noqa: S104 (what the image's Jupyter writes)
        "port": port,
        "secure": False,
        "base_url": "/",
        "token": "right",
        **changed,
    }
    (folder / f"jpserver-{os.getpid()}.json").write_text(json.dumps(server))


@pytest.mark.parametrize(
    "program", ["jupyter-lab", "jupyter-server", "jupyter-notebook", "jupyterhub-singleuser"]
)
def test_jupyter_is_healthy_when_it_answers_to_its_token(
    health: Health, tmp_path: Path, port: int, program: str
) -> None:
    jupyter_record(tmp_path, port)
    assert health(program) == (0, f"Jupyter answers on port {port}, with 2 kernels")


def test_a_token_of_jupyterhubs_is_not_tried(health: Health, tmp_path: Path, port: int) -> None:
    """The server would ask JupyterHub for it, at every check."""
    jupyter_record(tmp_path, port, token="wrong")  # noqa: S106 (not a secret)
    assert health("jupyterhub-singleuser")[0] == 0


#: From Python 3.14 on: an error that holds an answer wants it closed. The health check's process
#: ends with it, and the image's Python does not ask.
UNCLOSED = pytest.mark.filterwarnings("ignore:Implicitly cleaning up <HTTPError:ResourceWarning")


@UNCLOSED
def test_jupyter_that_cannot_run_notebooks_is_not(
    health: Health, tmp_path: Path, port: int
) -> None:
    jupyter_record(tmp_path, port, token="", base_url="/ill/")
    assert health("jupyter-lab") == (
        1,
        "unhealthy: ValueError: kernels cannot start: for a reason",
    )


@UNCLOSED
def test_jupyter_that_refuses_its_own_token_is_not(
    health: Health, tmp_path: Path, port: int
) -> None:
    jupyter_record(tmp_path, port, token="wrong")  # noqa: S106 (not a secret)
    status, line = health("jupyter-lab")
    assert status == 1
    assert "403" in line


def test_jupyter_that_does_not_listen_is_not(health: Health, tmp_path: Path) -> None:
    jupyter_record(tmp_path, 9)
    status, line = health("jupyter-lab")
    assert status == 1
    assert "refused" in line


def test_jupyter_that_has_not_begun_is_not(health: Health) -> None:
    status, line = health("jupyter-lab")
    assert status == 1
    assert f"jpserver-{os.getpid()}.json" in line


def test_jupyter_with_a_password_instead_of_a_token_must_answer_too(
    health: Health, tmp_path: Path, port: int
) -> None:
    jupyter_record(tmp_path, port, token="")
    assert health("jupyter-server")[0] == 0


def test_a_proxy_in_the_environment_is_not_asked(
    health: Health, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    jupyter_record(tmp_path, port)
    assert health("jupyter-lab")[0] == 0


def test_tensorboard_is_asked_where_it_says_that_it_listens(
    health: Health, tmp_path: Path, port: int
) -> None:
    assert health("tensorboard")[0] == 1
    folder = tmp_path / ".tensorboard-info"
    folder.mkdir()
    info = {"port": port, "path_prefix": "/prefix"}
    (folder / f"pid-{os.getpid()}.info").write_text(json.dumps(info))
    assert health("tensorboard") == (0, f"TensorBoard answers on port {port}")


@pytest.mark.parametrize("program", ["python", "jupyter", "bash"])
def test_any_other_command_is_healthy_and_no_server_is_claimed(
    health: Health, program: str
) -> None:
    assert health(program) == (0, f"no server was started: {program} runs")


def test_a_service_that_ended_is_not_healthy(health: Health) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    status, line = health("python", pid=ended.pid)
    assert status == 1
    assert "has ended" in line


def test_without_a_record_nothing_is_healthy(health: Health) -> None:
    status, line = health()
    assert status == 1
    assert "recorded no service" in line


# Jupyter's settings


class Section:
    """A section of Jupyter's settings, in which any name can be set."""


@pytest.fixture
def capabilities() -> str:
    """Return the capabilities of who serves; a test may have others."""
    return "0" * 16


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capabilities: str) -> SimpleNamespace:
    """Run the settings as Jupyter does, which is in the image only."""
    auth = ModuleType("jupyter_server.auth")

    class Provider:
        auth_enabled = True

        def validate_security(self, app: Any, ssl_options: Any = None) -> None:
            app.validated()

    auth.PasswordIdentityProvider = Provider  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jupyter_server", ModuleType("jupyter_server"))
    monkeypatch.setitem(sys.modules, "jupyter_server.auth", auth)
    names = ("ServerApp", "ServerProxy", "LabApp", "KernelManager")
    config = SimpleNamespace(**{name: Section() for name in names})
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("NB_PREFIX", "/notebook/name")
    status = tmp_path / "status"
    status.write_text(f"Name:\tpython3\nCapEff:\t{capabilities}\nCapBnd:\t00000000a80425fb\n")
    text = SETTINGS.read_text().replace("/proc/self/status", str(status))
    code = compile(text, str(SETTINGS), "exec")
    exec(code, {"get_config": lambda: config, "__name__": "settings"})  # noqa: S102 (as Jupyter does)
    return config


def test_a_server_without_token_and_password_ends(settings: SimpleNamespace) -> None:
    provider, app = settings.ServerApp.identity_provider_class(), mock.Mock()
    app.exit.side_effect = SystemExit
    provider.auth_enabled = False
    with pytest.raises(SystemExit):
        provider.validate_security(app)
    app.exit.assert_called_once_with(64)
    assert "token is empty" in app.log.critical.call_args.args[0]
    app.validated.assert_not_called()


def test_a_server_with_a_token_starts(settings: SimpleNamespace) -> None:
    app = mock.Mock()
    settings.ServerApp.identity_provider_class().validate_security(app)
    app.validated.assert_called_once()
    app.exit.assert_not_called()


def test_no_token_or_password_is_written_down(settings: SimpleNamespace) -> None:
    assert not {"token", "password"} & set(vars(settings.ServerApp))
    assert set(vars(settings)) == {"ServerApp", "ServerProxy", "LabApp", "KernelManager"}


def test_kubeflows_prefix_is_where_it_serves(settings: SimpleNamespace) -> None:
    assert settings.ServerApp.base_url == "/notebook/name"


@pytest.mark.parametrize("capabilities", ["0000000000000000", "00000000a80425fb"])
def test_root_is_let_in_only_without_capabilities(
    settings: SimpleNamespace, capabilities: str
) -> None:
    assert settings.ServerApp.allow_root == (set(capabilities) == {"0"})


def test_what_the_settings_name_is_there(settings: SimpleNamespace) -> None:
    (own,) = (name for name in settings.ServerApp.jpserver_extensions if "gradlock" in name)
    assert (ROOTFS / "usr/local/lib/gradlock" / f"{own}.py").exists()
    board = settings.ServerProxy.servers["tensorboard"]
    assert (ROOTFS / board["launcher_entry"]["icon_path"].lstrip("/")).exists()


def test_nothing_asks_whether_it_may_show_news_or_look_for_updates() -> None:
    """JupyterLab takes these as a site's own defaults; a user's settings come after them."""
    path = ROOTFS / "etc/jupyter/labconfig/default_setting_overrides.json"
    settings = json.loads(path.read_text())["@jupyterlab/apputils-extension:notification"]
    assert settings == {"checkForUpdates": False, "fetchNews": "false"}


def test_nothing_is_asked_of_the_network(settings: SimpleNamespace) -> None:
    assert settings.LabApp.news_url is None
    assert settings.LabApp.check_for_updates_class.endswith("NeverCheckForUpdate")
    assert settings.LabApp.extension_manager == "readonly"
