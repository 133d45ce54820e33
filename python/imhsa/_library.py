"""Libraries of compiled functions."""

from __future__ import annotations

import os
import types
from typing import List, Mapping, Union

from . import _abi
from ._function import Function
from ._runtime import Opened, text


class Library:
    """A library of compiled functions; each is an attribute, and an entry of `functions`.

    What it holds is freed once neither it nor any of its functions is referred to any more.
    """

    def __init__(self, opened: Opened) -> None:
        runtime, handle = opened.runtime, opened.handle
        self._opened = opened
        self.diagnostics = ""
        """What the compiler said, if imhsa.compile made the library."""
        count = runtime.imhsa_num_functions(handle)
        functions = [Function(opened, runtime.imhsa_get_function(handle, i)) for i in range(count)]
        self.functions: Mapping[str, Function] = types.MappingProxyType(
            {function.__name__: function for function in functions}
        )

    @property
    def path(self) -> str:
        """The file that it was loaded from."""
        return self._opened.path

    @property
    def device(self) -> str:
        """Where the arrays of its functions are: "cpu" or "cuda"."""
        return "cuda" if self._opened.device == _abi.CUDA else "cpu"

    @property
    def producer(self) -> str:
        """The version of imhsa that compiled it."""
        return text(self._opened.runtime.imhsa_library_producer(self._opened.handle))

    @property
    def num_threads(self) -> int:
        """How many threads its functions use on a CPU: see imhsa.set_num_threads."""
        return int(self._opened.runtime.imhsa_get_num_threads())

    def release_workspaces(self) -> None:
        """Frees the memory that calls keep for the next call."""
        self._opened.runtime.imhsa_release_workspaces(self._opened.handle)

    def __getattr__(self, name: str) -> Function:
        functions: Mapping[str, Function] = self.__dict__.get("functions", {})
        if name in functions:
            return functions[name]
        there = ", ".join(functions) or "none"
        raise AttributeError(f"no function '{name}' in {self.path}, which has {there}")

    def __dir__(self) -> List[str]:
        return [*super().__dir__(), *self.functions]

    def __repr__(self) -> str:
        return f"<imhsa.Library {self.path!r} for {self.device}: {', '.join(self.functions)}>"


def load(path: Union[str, "os.PathLike[str]"]) -> Library:
    """The functions of a shared library that imhsa-compile made.

    Raises InvalidLibrary if the file is missing, damaged or something else; that is known before
    any of it is mapped. A file that has changed since it was loaded is loaded anew.
    """
    return Library(Opened(os.fspath(path)))
