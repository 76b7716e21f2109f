"""mlx-lm's model file for a kind of model, and which words of a config.json its source reads."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from mlx import nn
from mlx_lm.utils import _get_classes

from studio.errors import ModelError

BUILDING = (
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    RecursionError,
)
"""What mlx-lm's model files raise for a config or weights that they do not fit."""
_PACKAGE = "mlx_lm.models."


@dataclasses.dataclass(frozen=True, eq=False)
class Family:
    """A kind of model in mlx-lm: what builds it, the fields it takes, and the words that its code uses.

    `fields` are those of its arguments, nested ones included; `required` have no default, `texts` hold text.
    `reads` are the names and texts in its code outside the declaration of a field.
    """

    model: type[nn.Module]
    arguments: Any
    fields: frozenset[str]
    required: frozenset[str]
    texts: frozenset[str]
    reads: frozenset[str]


def family_of(config: Mapping[str, Any], folder: object) -> Family:
    """The family of the model in `folder` by its config. Raises ModelError for a kind without one."""
    kind = config["model_type"]
    try:
        model, arguments = _get_classes(config=dict(config))
    except (ValueError, AttributeError, TypeError, SystemExit) as error:
        raise ModelError("model.unknown_kind", folder=folder, kind=kind) from error
    return _family(model, arguments)


@lru_cache(maxsize=32)
def _family(model: type[nn.Module], arguments: Any) -> Family:
    modules = tuple(_reached(model.__module__, {}).values())
    taken = [field for module in modules for part in _declared(module) for field in dataclasses.fields(part)]
    unset = dataclasses.MISSING
    required = {f.name for f in taken if f.default is unset and f.default_factory is unset}
    words = {word for module in modules for word in _words(module)}
    fields = frozenset(field.name for field in taken)
    texts = frozenset(field.name for field in taken if field.type in (str, str | None))
    return Family(model, arguments, fields, frozenset(required), texts, frozenset(words))


def _reached(name: str, found: dict[str, ModuleType]) -> dict[str, ModuleType]:
    """A family's module, and those of other families whose parts it takes."""
    module = importlib.import_module(name)
    if name in found or not _declared(module):
        return found
    found[name] = module
    for other in _imported(_tree(module)):
        if _PACKAGE + other in sys.modules:
            _reached(_PACKAGE + other, found)
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def _declared(module: ModuleType) -> list[Any]:
    """The dataclasses of arguments that a module declares itself."""
    parts = [part for part in vars(module).values() if inspect.isclass(part)]
    return [p for p in parts if p.__module__ == module.__name__ and dataclasses.is_dataclass(p)]


def _words(module: ModuleType) -> Iterator[str]:
    tree = _tree(module)
    fields = {
        id(part.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if id(node) in fields:  # declared, which is not read
            continue
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@lru_cache(maxsize=64)
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))
