"""The compiler of the kernels: numba, without what it brings and no kernel needs.

It looks for the linear algebra of SciPy, for kernels that multiply matrices, and for YAML, for
settings of its own. None has any. That takes a sixth of a second and brings a hundred modules.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

UNUSED = ("scipy", "yaml")


class _Without:
    """A finder by which one thread finds nothing of some libraries."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names, self._thread = names, threading.get_ident()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if threading.get_ident() == self._thread and name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(name, name=name)


@contextmanager
def without(*names: str) -> Generator[None]:
    """What this thread imports meanwhile takes it that these libraries are not there, unless they
    were brought before. Who else asks for them gets them."""
    finder = _Without(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with without(*UNUSED):
    from llvmlite import ir
    from numba import njit
    from numba.core import caching, types
    from numba.core.runtime.nrt import rtsys
    from numba.extending import intrinsic

_Cache: Any = caching.FunctionCache
_OPTIONS: dict[str, Any] = {"nogil": True, "boundscheck": False, "error_model": "numpy"}


class _Kept(_Cache):  # type: ignore[misc]  # one of numba's own, which has no types
    """The compiled forms of a kernel on disk.

    numba brings all that it needs to compile before it looks there: a third of a second of a start.
    What is found there needs nothing of that.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with without(*UNUSED):
            with self._guard_against_spurious_io_errors():
                if (found := self._load_overload(sig, target_context)) is not None:
                    return found
            target_context.refresh()
        return None


def kernel(fn: Callable[..., Any]) -> Any:
    """Compile `fn` on first use; where no folder can be written it is simply not kept."""
    compiled = njit(**_OPTIONS)(fn)
    with suppress(RuntimeError):  # numba: "no locator available"
        compiled._cache = _Kept(fn)
    return compiled


@intrinsic
def lowest(_typing, word):  # type: ignore[no-untyped-def]
    """The number of the lowest bit that is set; one instruction, for which numba has no name."""

    def build(_context, builder, _signature, values):  # type: ignore[no-untyped-def]
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), build


def forget_cache(compiled: Any) -> None:
    """Do without the disk from now on (it is full, or went read-only)."""
    compiled._cache.disable()
