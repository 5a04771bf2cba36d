"""The JupyterHub that test_hub.py starts: one user, whose server is a container of the image.

The variables are the test's own: where it listens, where containers reach it, and the image.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub provides it)

c.JupyterHub.bind_url = os.environ["HUB_URL"]
# Where containers reach it: the engine's own side of their network, not only this machine.
c.JupyterHub.hub_bind_url = f"http://{os.environ['HUB_GATEWAY']}:{os.environ['HUB_PORT']}"
c.ConfigurableHTTPProxy.command = [str(Path(sys.executable).with_name("configurable-http-proxy"))]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['HUB_PROXY_PORT']}"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["HUB_PASSWORD"]
c.Authenticator.allowed_users = {"ada"}

c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = os.environ["HUB_IMAGE"]
c.DockerSpawner.remove = True
c.DockerSpawner.extra_host_config = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
c.DockerSpawner.extra_create_kwargs = {"labels": {"gradlock": "hub"}}
