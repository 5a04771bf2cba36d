"""Become Jupyter's server: JupyterLab, or the server that JupyterHub asks for.

`serve.py jupyter-lab ...` does what `jupyter-lab ...` does, in half the time until it answers.
"""

from __future__ import annotations

import sys
from typing import Any

#: Left out by name, since jsonschema imports it if it can: it compiles a grammar at once, longer
#: than all the rest of Jupyter takes, for two formats ("iri", "iri-reference") that none of
#: Jupyter's schemas has. Kernels, in processes of their own, have it.
UNWANTED = "rfc3987_syntax"


def main() -> Any:
    """Take the first argument as the program's name, the rest as its arguments."""
    modules: dict[str, Any] = sys.modules
    modules[UNWANTED] = None
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "jupyterhub-singleuser":
        from jupyterhub.singleuser import main as run
    else:
        from jupyterlab.labapp import main as run
    return run()


if __name__ == "__main__":
    sys.exit(main())
