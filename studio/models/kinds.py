"""Which kinds of models mlx-lm has, found by the names of its files: quick, and without loading MLX."""

from __future__ import annotations

import ast
import pkgutil
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_NEIGHBOUR = re.compile(r"^from \.(\w*) import \(?([\w, ]+)", re.MULTILINE)
_RENAMED = "MODEL_REMAPPING"


def is_known(kind: str) -> bool:
    """Whether mlx-lm has a family for the model_type of a config."""
    return _renamed().get(kind, kind) in _modules()


def words_of(kind: str) -> frozenset[str]:
    """The words in the source of a kind's family, and of those whose parts it takes; empty for none."""
    return frozenset().union(*(_words(name) for name in _reached(_renamed().get(kind, kind), set())))


def _reached(name: str, found: set[str]) -> set[str]:
    if name in _modules() and name not in found:
        found.add(name)
        for module, names in _NEIGHBOUR.findall(_source(name)):
            for other in [module] if module else re.findall(r"\w+", names):
                _reached(other, found)
    return found


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", _source(name)))


@cache
def _source(name: str) -> str:
    return (_package() / "models" / f"{name}.py").read_text(encoding="utf-8")


@cache
def _modules() -> frozenset[str]:
    return frozenset(each.name for each in pkgutil.iter_modules([str(_package() / "models")]))


@cache
def _renamed() -> dict[str, str]:
    """The kinds that are another's, as mlx-lm's table has them."""
    tree = ast.parse((_package() / "utils.py").read_text(encoding="utf-8"))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name == _RENAMED:
                return dict(ast.literal_eval(node.value))
    return {}


@cache
def _package() -> Path:
    found = find_spec("mlx_lm")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])
