"""The Python that runs a report's notebook: this very one, talking through files that only its owner can read."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Unicode
from traitlets.config import Config

_LONGEST = 80  # a socket's path may have some hundred bytes, whatever TMPDIR says
_FOREIGN = ("MPLBACKEND", "PYTHONSTARTUP")  # would leave the pictures out; would run before the first cell


class PrivateKernel(AsyncKernelManager):
    """Starts this Python in a folder from which nothing is imported, and without anybody's start-up files."""

    folder = Unicode(help="where the code runs").tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The interpreter that runs already, whatever kernel is installed elsewhere; -P: the folder gives no module."""
        argv = [sys.executable, "-P", __file__, "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def start_kernel(self, **options: object) -> None:  # type: ignore[override]
        """Start it with its own settings folder, which lies beside its sockets and goes with them."""
        environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        environment["IPYTHONDIR"] = str(Path(self.connection_file).parent)
        await super().start_kernel(**options, cwd=self.folder, env=environment)


@contextmanager
def prepare_kernel(folder: Path) -> Iterator[dict[str, Any]]:
    """Give what papermill must be told: no TCP port is opened, which others on the machine could listen to."""
    base = tempfile.gettempdir()
    short = None if len(base) < _LONGEST else "/tmp"
    with tempfile.TemporaryDirectory(prefix="twitchstats-", dir=short, ignore_cleanup_errors=True) as room:
        settings = {
            "folder": str(folder),
            "connection_file": str(Path(room) / "kernel.json"),
            "transport": "ipc" if os.name == "posix" else "tcp",
        }
        yield {"kernel_manager_class": PrivateKernel, "config": Config({PrivateKernel.__name__: settings})}


class PrivateOutput(IOPubThread):
    """Sends what cells print; what a child process prints would come through a TCP port, and none does here."""

    def _setup_pipe_in(self) -> None:
        self._pipe_flag = False


if __name__ == "__main__":
    kernelapp.IOPubThread = PrivateOutput  # type: ignore[attr-defined]
    kernelapp.launch_new_instance()
