"""Jupyter in a container: reachable from outside it, by whoever has the token."""

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
        super().validate_security(app, ssl_options)


c.ServerApp.identity_provider_class = Guarded

# All of the container's addresses: Docker publishes a port, if and where the user says so.
c.ServerApp.ip = "0.0.0.0"  # noqa: S104 (see above)
c.ServerApp.port = 8888
# Another port would not be the published one, so a taken port is an error.
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
# What it prints is to be clicked on the host, which does not know the container's name.
c.ServerApp.custom_display_url = "http://127.0.0.1:8888"
c.ServerApp.allow_root = False
# Ctrl-C and SIGTERM end it without a question; a kernel gets 3 s before it is killed, so that
# all end within the 10 s of `docker stop`.
c.ServerApp.answer_yes = True
c.KernelManager.shutdown_wait_time = 3.0

c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}

# Nothing asks the network on its own: no news, no look for updates, no list of extensions.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
