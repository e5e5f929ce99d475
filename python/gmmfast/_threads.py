"""A controller of threadpoolctl for the threads of the core.

`threadpoolctl.threadpool_limits` then limits calls without `n_threads`, as it limits BLAS.
"""

from __future__ import annotations

from threadpoolctl import LibController, register

from gmmfast import _core


class Controller(LibController):  # type: ignore[misc]
    """The number of threads of calls without `n_threads`."""

    user_api = "gmmfast"
    internal_api = "gmmfast"
    filename_prefixes = ("_core",)
    check_symbols = ("gmmfast_set_num_threads",)

    def get_num_threads(self) -> int:
        """Return the number of threads of the next call."""
        n_threads: int = self.dynlib.gmmfast_get_num_threads()
        return n_threads

    def set_num_threads(self, num_threads: int) -> None:
        """Limit the number of threads of the next calls."""
        self.dynlib.gmmfast_set_num_threads(num_threads)

    def get_version(self) -> str:
        """Return the version of the core."""
        return _core.__version__


def register_controller() -> None:
    """Register the controller."""
    register(Controller)
