"""Functions that are traced, and modules of them."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from typing import Any, Callable, List, Tuple, Union

from .. import _compile
from .._errors import CompileError, InvalidArgument
from .._library import Library
from ._values import Body, Type, Value, body_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class Traced:
    """A function of a module: what calling a Python function on values has written down."""

    def __init__(self, name: str, comment: str, arguments: List[Value], body: Body, results: List[Value]):
        self.__name__ = name
        self.arguments = tuple(arguments)
        self.results = tuple(results)
        self._comment = comment
        self._body = body

    def text(self, locations: bool) -> str:
        """The function as MLIR, with the lines of Python or without."""
        parameters = ", ".join(f"{value}: {value.type}" for value in self.arguments)
        types = ", ".join(str(value.type) for value in self.results)
        returned = types if len(self.results) == 1 else f"({types})"
        lines = [f"// {line}".rstrip() for line in self._comment.splitlines()]
        lines.append(f"func.func @{self.__name__}({parameters}) -> {returned} {{")
        for text, location in self._body.lines:
            lines.append(f"  {text} {location}" if locations else f"  {text}")
        lines += [f"  return {', '.join(map(format, self.results))} : {types}", "}"]
        return "\n".join(lines)


class Module:
    """MLIR, as text. `str` gives it; `run` and `compile` verify it first."""

    def __init__(self, text: str) -> None:
        self.diagnostics = ""
        """What passes said, if `run` made the module: remarks and warnings."""
        self._text = self._located = text

    def __str__(self) -> str:
        return self._text

    def verify(self) -> None:
        """Raises CompileError with the diagnostics if the module is not valid."""
        self.run()

    def run(self, *passes: str) -> Module:
        """The module after passes, each as it stands in --pass-pipeline, by imhsa-opt.

        module.run("imhsa-cpu-pipeline{until=decompose}", "func.func(linalg-generalize-named-ops)", "cse")

        Raises CompileError with the diagnostics. The tool is that of the environment variable
        IMHSA_OPT, or else found in PATH, or in the build folder of the checkout.
        """
        command = [_compile.tool("imhsa-opt"), f"--pass-pipeline=builtin.module({','.join(passes)})"]
        try:
            done = subprocess.run(
                command, input=self._located, capture_output=True, text=True, errors="replace"
            )
        except OSError as error:
            raise CompileError(f"{command[0]}: {error.strerror}") from None
        if done.returncode:
            reason = done.stderr.strip() or f"imhsa-opt ended with exit code {done.returncode}"
            raise CompileError(reason)
        result = Module(done.stdout)
        result.diagnostics = done.stderr
        return result

    def compile(
        self,
        target: str = "cpu",
        *,
        output: Union[str, "os.PathLike[str]", None] = None,
        **options: _compile.Option,
    ) -> Library:
        """The functions, compiled and loaded: imhsa.compile on the text."""
        return _compile.compile(self._located, target, output=output, **options)


def function(*types: Type) -> Callable[[Callable[..., Any]], Traced]:
    """Decorates a Python function that takes values of these types and returns one, or a tuple.

    It is called once, and what it does is written down. Its name, the names of its parameters and
    its docstring are those of the compiled function.
    """

    def trace(python: Callable[..., Any]) -> Traced:
        names = list(inspect.signature(python).parameters)
        if len(names) != len(types):
            raise InvalidArgument(
                f"{python.__name__}: expected a type for each of {len(names)} parameters, found {len(types)}"
            )
        for name in (python.__name__, *names):
            if not _NAME.fullmatch(name):
                raise InvalidArgument(f"{name}: expected a name of ASCII letters, digits and _")
        body = Body()
        arguments = [Value(body, f"%{name}", type) for name, type in zip(names, types)]
        results = _results(python.__name__, python(*arguments))
        if results[0].body is not body:
            raise InvalidArgument(f"{python.__name__}: returned a value of another function")
        return Traced(python.__name__, inspect.getdoc(python) or "", arguments, body, results)

    return trace


def _results(name: str, returned: Any) -> List[Value]:
    results: Tuple[Any, ...] = returned if isinstance(returned, tuple) else (returned,)
    if not results or not all(isinstance(value, Value) for value in results):
        raise InvalidArgument(f"{name}: expected to return values, found {returned!r}")
    body_of(*results)
    return list(results)


def module(*functions: Traced) -> Module:
    """A module of functions, each decorated with `function`; their names differ."""
    names = [traced.__name__ for traced in functions]
    if not names or len(set(names)) != len(names):
        raise InvalidArgument(f"expected functions of different names, found {names}")
    result = Module("\n\n".join(traced.text(locations=False) for traced in functions) + "\n")
    result._located = "\n\n".join(traced.text(locations=True) for traced in functions) + "\n"
    return result
