"""What gradlock adds to Jupyter's server: where TensorBoard is seen, and whether kernels are well.

An extension, enabled in jupyter_server_config.py.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async, url_path_join
from tornado.web import HTTPError

#: Who may ask: the health check, which has no token where JupyterHub keeps them.
NEAR = ("127.0.0.1", "::1")
#: Seconds in which the kernel manager starts a kernel again that has died: it looks every 3 s.
#: The health check waits 8 s for an answer.
GRACE = 4


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    base = app.base_url
    # A file of the container is nothing to open on the host; no setting says so.
    app.no_browser_open_file = True
    # `%tensorboard` in a notebook shows an address of Jupyter's own, which leads to the port
    # that TensorBoard has in the container; kernels inherit it.
    os.environ.setdefault("TENSORBOARD_PROXY_URL", url_path_join(base, "proxy/%PORT%/"))
    app.web_app.add_handlers(".*$", [(url_path_join(base, "gradlock/health"), Health)])


class Health(JupyterHandler):
    """Answers 200 and the number of kernels, or 503 and why notebooks cannot run."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Look at what a kernel needs, and at the kernels that there are."""
        if self.request.remote_ip not in NEAR:
            raise HTTPError(404)
        problem = self.obstacle() or await self.lost()
        self.set_status(503 if problem else 200)
        self.finish({"kernels": len(self.kernel_manager.list_kernel_ids()), "problem": problem})

    def obstacle(self) -> str:
        """Return what keeps kernels from starting, if anything does."""
        name = self.kernel_manager.default_kernel_name
        program = self.kernel_spec_manager.get_kernel_spec(name).argv[0]
        if not shutil.which(program):
            return f"the kernel {name} is not there: {program}"
        folder = self.kernel_manager.connection_dir
        if not os.access(folder, os.W_OK):
            return f"kernels cannot start: {folder} cannot be written to"
        if not os.statvfs(folder).f_bavail:
            return f"kernels cannot start: no space is left in {folder}"
        return ""

    async def lost(self) -> str:
        """Return which kernels the manager takes for alive that are not, if there are such.

        One that died is started again, or given up; none of the two happens where the manager
        itself has failed.
        """
        for _ in range(GRACE):
            ended = [
                name for name in self.kernel_manager.list_kernel_ids() if await self.ended(name)
            ]
            if not ended:
                return ""
            await asyncio.sleep(1)
        return f"the kernel manager has lost {len(ended)} kernels: {', '.join(ended)}"

    async def ended(self, name: str) -> bool:
        """Whether a kernel's process has ended."""
        return not await ensure_async(self.kernel_manager.get_kernel(name).is_alive())
