"""Jupyter in a container: reachable from outside it, by whoever has the token."""

import os
import re
import sys
from pathlib import Path

from jupyter_server.auth import PasswordIdentityProvider

c = get_config()  # noqa: F821 (Jupyter provides it)


class Guarded(PasswordIdentityProvider):
    """Refuses to serve without a token or a password, whatever setting asked for that."""

    def validate_security(self, app, ssl_options=None):
        """End the server before it listens."""
        if not self.auth_enabled:
            app.log.critical(
                "gradlock: the token is empty and there is no password: anyone who reaches the "
                "port could run code. Set one, or leave both unset for a random token."
            )
            app.exit(64)
        # Of all addresses without encryption it would warn; who reaches them is Docker's matter.
        super().validate_security(app, ssl_options or {})


def powerless():
    """Return whether this process has no capability: root is then a user like others."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return re.search(r"(?m)^CapEff:\s*0+$", status) is not None


# JupyterHub's own server replaces it by JupyterHub's, which knows no empty token.
c.ServerApp.identity_provider_class = Guarded

# All of the container's addresses: Docker publishes a port, if and where the user says so. (An
# address that means all of them has Jupyter print the container's name in a second URL.)
c.ServerApp.ip = ""
c.ServerApp.port = 8888
# Another port would not be the published one, so a taken port is an error.
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
# What it prints is to be clicked on the host, which does not know the container's name.
c.ServerApp.custom_display_url = "http://127.0.0.1:8888"
# Below which path Kubeflow's notebooks are reached.
c.ServerApp.base_url = os.environ.get("NB_PREFIX") or "/"
c.ServerApp.allow_root = powerless()
# Ctrl-C and SIGTERM end it without a question; a kernel gets 3 s before it is killed, so that
# all end within the 10 s of `docker stop`.
c.ServerApp.answer_yes = True
c.KernelManager.shutdown_wait_time = 3.0

c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}

# The image has no language server for jupyter_lsp to look for, and no classic notebook.
sys.path.append("/usr/local/lib/gradlock")
c.ServerApp.jpserver_extensions = {
    "gradlock_server": True,
    "jupyter_lsp": False,
    "notebook_shim": False,
}

# A tile in the launcher, at /tensorboard: it comes through Jupyter's own port, to its token.
c.ServerProxy.servers = {
    "tensorboard": {
        "command": ["tensorboard", "--logdir", ".", "--host", "127.0.0.1", "--port", "{port}"],
        # Seconds: it imports TensorFlow, on a busy machine too.
        "timeout": 120.0,
        "launcher_entry": {
            "title": "TensorBoard",
            "icon_path": "/usr/local/lib/gradlock/tensorboard.svg",
        },
    }
}

# Nothing asks the network on its own: no news, no look for updates, no list of extensions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
