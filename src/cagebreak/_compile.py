"""The decorator of all Numba kernels, and the files that keep what it compiles.

Numba's own cache checks the file of a kernel only: an edit of a helper in another file goes
unnoticed. Here everything compiled is kept in one folder, whose name is a hash of all kernel
sources: other sources, another folder. Numba says where the folder lies: in ``NUMBA_CACHE_DIR``,
in ``__pycache__`` of this package, or in the cache folder of the user, the first that can be
written. A NamedTuple that kernels take is defined in a kernel source, so that the hash covers it.
"""

import contextlib
import hashlib
import os
import pickle
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from io import BytesIO
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import types
from numba.core.caching import CompileResultCacheImpl, NullCache
from numba.core.compiler import CompileResult
from numba.core.registry import CPUDispatcher
from numba.core.serialize import dumps

from cagebreak._atomic import replacing
from cagebreak.errors import CacheWarning

PACKAGE = Path(__file__).parent

KEPT = 4
"""Folders of other sources that are kept (chosen): those of other branches and versions."""

TOLD = "cagebreak compiles kernels, which takes up to a minute; they are kept for later runs"

OWN = {"fastmath": False, "error_model": "python"}
"""Defaults of Numba, stated: left out, a kernel takes those of the first caller it is compiled for.
Its rounding would depend on which kernel ran first, in this process or in one that filled the
cache."""

FOR_PYTHON = {"nopython": True, "no_cfunc_wrapper": True}
"""Options of a kernel that Python calls: without the wrapper for C, which nobody calls."""

FOR_KERNELS = {"no_cpython_wrapper": True}
"""Further ones of a kernel that a kernel calls: a wrapper for Python unpacks each array of a
NamedTuple. The two wrappers took a third of the time to compile a run of molecular dynamics."""

_NAMED = {
    *(("builtins", "object"), ("copyreg", "_reconstructor"), ("numpy", "dtype")),
    ("numba.core.environment", "_rebuild_env"),
    ("numba.core.funcdesc", "PythonFunctionDescriptor"),
    ("numba.core.types.abstract", "_type_reconstructor"),
    ("numba.core.typing.templates", "Signature"),
}
"""Functions and classes in the pickles of kernels, beside types of Numba and NamedTuples."""

_IMPORTED = time.time()
_SOURCE = re.compile(rb"^(?:from|import) (?:llvmlite|cagebreak\._compile)\b", re.MULTILINE)


def njit(function: Callable | None = None, /, **options: Any) -> Any:
    """Return a function as a Numba kernel, compiled once for all processes.

    Parameters
    ----------
    function
        The function; without it, a decorator is returned.
    **options
        Those of `numba.njit`, without `cache`. They hold for this kernel whoever calls it.

    Warns
    -----
    CacheWarning
        At the first call of a kernel, once a process, if no folder can be written. Kernels are then
        compiled in memory.
    """

    def compiled(function: Callable) -> Any:
        if numba.config.DISABLE_JIT:
            return function
        return _Kernel(function, targetoptions=FOR_PYTHON | OWN | options)

    return compiled if function is None else compiled(function)


class _Kernel(CPUDispatcher):
    """A kernel that is compiled with what Python needs to call it only where Python calls it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Not `enable_caching`, which would look for a folder at import.
        self._cache = _KernelCache(self.py_func)

    @cached_property
    def _called(self) -> CPUDispatcher:
        """The kernel as other kernels call it."""
        called = CPUDispatcher(self.py_func, targetoptions=self.targetoptions | FOR_KERNELS)
        called._cache = _KernelCache(self.py_func, ".called")
        return called

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Compile the kernel for a kernel that calls it; what Python has called serves as well."""
        if tuple(args) in self.overloads:
            return super().get_call_template(args, kws)
        return self._called.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """Return what `get_call_template` has compiled for argument types."""
        if tuple(sig) in self.overloads:
            return super().get_overload(sig)
        return self._called.get_overload(sig)


@cache
def sources() -> tuple[Path, ...]:
    """Return the files that compiled code depends on: those that import this module or llvmlite."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(file for file in files if _SOURCE.search(file.read_bytes()))


class _Unpickler(pickle.Unpickler):
    """Reads the pickle of a kernel: types, signatures and names, beside its machine code.

    Any other function or class that it names is refused before it is imported. The machine code
    runs as it is: the folder of the cache has to be the user's own, as that of Numba's cache has.
    """

    def find_class(self, module: str, name: str) -> Any:
        of_types, of_package = f"{types.__name__}.", f"{__package__}."
        if (module, name) in _NAMED:
            return super().find_class(module, name)
        if module.startswith((of_types, of_package)):
            found = super().find_class(module, name)
            if isinstance(found, type) and issubclass(found, (types.Type, tuple)):
                return found
        raise pickle.UnpicklingError(f"expected a type of a kernel, got {module}.{name}")


class _KernelCache(NullCache):
    """The cache of one kernel, a file for each signature and processor.

    Numba's own has an index of numbered files, which two processes can give the same number.
    """

    def __init__(self, function: Callable, use: str = "") -> None:
        self._function, self._use = function, use

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        target_context.refresh()
        key = self._key(sig, target_context.codegen())
        path = self._path(key)
        if path is None:
            return None
        try:
            stored, parts = _Unpickler(BytesIO(path.read_bytes())).load()
        except Exception:  # absent, or damaged, which may raise anything: it is compiled again
            stored, parts = None, ()
        if stored == key:
            return CompileResult._rebuild(target_context, *parts)
        _tell(path.parent)
        return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        key = self._key(sig, data.codegen)
        path = self._path(key)
        # As numba: such code holds addresses of this process.
        if path is None or data.lifted or data.library.has_dynamic_globals:
            return
        try:
            _make(path.parent)
            with replacing(path) as temporary:
                temporary.write_bytes(dumps((key, data._reduce())))
        except OSError:
            _warn()

    def _key(self, sig: Any, codegen: Any) -> tuple:
        cells = tuple(cell.cell_contents for cell in self._function.__closure__ or ())
        name = f"{self._function.__module__}.{self._function.__qualname__}{self._use}"
        return name, sig, codegen.magic_tuple(), dumps(cells)

    def _path(self, key: tuple) -> Path | None:
        folder = None if _edited() else _folder()
        if folder is None:
            return None
        name = re.sub(r"[^\w.]", "", key[0])
        return folder / f"{name}-{hashlib.sha256(str(key).encode()).hexdigest()[:16]}.nbc"


def _edited() -> bool:
    """Return whether a source may differ from what this process has imported."""
    try:
        # The time of the last change of a file, which copying tools cannot set.
        return any(os.stat(file).st_ctime > _IMPORTED for file in sources())
    except OSError:
        return True


@cache
def _folder() -> Path | None:
    """Return the folder for the present sources; None if there is none that can be written."""
    if not sources():  # the package is in an archive
        return None
    try:
        parent = CompileResultCacheImpl(njit).locator.get_cache_path()
    except RuntimeError:
        _warn()
        return None
    versions = f"{numba.__version__} {llvmlite.__version__} {sys.implementation.cache_tag}"
    digest = hashlib.sha256(versions.encode())
    for file in sources():
        content = file.read_bytes()
        digest.update(f"\n{file.relative_to(PACKAGE).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return Path(parent) / f"kernels-{digest.hexdigest()[:16]}"


def _make(folder: Path) -> bool:
    """Make the folder for the present sources; return False if it is there."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    _remove_old(folder)
    return True


def _remove_old(folder: Path) -> None:
    """Remove the folders of other sources, but for the last ones."""
    others = [other for other in folder.parent.glob("kernels-*") if other != folder]
    others.sort(key=lambda other: other.stat().st_mtime)
    for other in others[: max(len(others) - KEPT, 0)]:
        shutil.rmtree(other, ignore_errors=True)


@cache
def _tell(folder: Path) -> None:
    """Say on a terminal, once a process, that kernels are compiled.

    Of workers, which compile at the same time, only the one that makes the folder says so.
    """
    with contextlib.suppress(OSError):  # the folder, and a terminal that is gone
        first = _make(folder)
        # Python has no stderr where it was closed.
        if (first or parent_process() is None) and getattr(sys.stderr, "isatty", bool)():
            print(f"\r\x1b[K{TOLD}", file=sys.stderr, flush=True)


@cache
def _warn() -> None:
    """Say, once a process, that kernels are not kept."""
    warnings.warn(
        "compiled kernels cannot be kept: neither the package's folder nor the user's cache can be "
        "written. Every process compiles them anew, for up to minutes. Set NUMBA_CACHE_DIR to a "
        "folder that can be written.",
        CacheWarning,
        stacklevel=2,
    )
