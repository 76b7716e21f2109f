"""Which chat templates may run in this process: published ones, and those that cannot take long.

A template is a program of somebody else's. Jinja's sandbox keeps it from files and from Python, not from
running for ever or from filling the memory. A template is harmless where it is known by its hash, or where
nothing in it can do more work than there is text: loops over what it is given, each inner one over a part
of what the outer one holds, texts that grow by pieces and never by themselves, and a few functions. The
others run in a process of their own (`studio.data.apart`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import TemplateError, nodes

from studio.data import published
from studio.data.jinja import parsed

_LONGEST = 50_000
"""Characters of a template that is looked through."""

_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.NSRef, nodes.Scope),
    *(nodes.For, nodes.If, nodes.CondExpr, nodes.Assign, nodes.Continue, nodes.Break),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair),
    *(nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.Mod, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Compare, nodes.Operand, nodes.Test, nodes.Filter, nodes.Call, nodes.Keyword),
)
_FILTERS = {
    *("trim", "length", "count", "upper", "lower", "capitalize", "title", "first", "last", "list", "items"),
    *("default", "d", "int", "selectattr", "rejectattr", "reverse", "safe", "join", "replace"),
}
_GROWING = {"tojson", "string", "escape", "e"}
"""Filters that may double what they are given: not one on another, and not on what is kept."""

_FUNCTIONS = {"namespace", "raise_exception"}
_METHODS = {
    *("split", "rsplit", "strip", "lstrip", "rstrip", "startswith", "endswith", "removeprefix"),
    *("removesuffix", "items", "keys", "values", "get", "upper", "lower", "title", "capitalize", "replace"),
}


@lru_cache(maxsize=64)
def is_harmless(source: str) -> bool:
    """Whether the template may run in this process."""
    digest = hashlib.sha256(source.strip().encode("utf-8", "surrogatepass")).hexdigest()
    return digest in published.HASHES or _is_proven(source)


def _is_proven(source: str) -> bool:
    if len(source) > _LONGEST:
        return False
    try:
        tree = parsed(source)
    except (TemplateError, RecursionError):
        return True  # it never runs
    try:
        return all(_is_plain(node) for node in _all(tree)) and _loops(tree, ()) and _keeps(tree)
    except RecursionError:
        return False


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child)


def _is_plain(node: nodes.Node) -> bool:
    """Whether a node by itself is one of those that cannot do much."""
    if type(node) not in _NODES:
        return False
    match node:
        case nodes.Mod(left=left, right=right):
            return _is_number(left) and isinstance(right, nodes.Const) and isinstance(right.value, int)
        case nodes.Filter(name=name):
            return _is_plain_filter(node, name)
        case nodes.Call(node=nodes.Name(name="strftime_now"), args=[nodes.Const(value=str(format))]):
            return re.fullmatch(r"(%[A-Za-z]|[^%])*", format) is not None
        case nodes.Call(node=nodes.Name(name=name)):
            return name in _FUNCTIONS
        case nodes.Call(node=nodes.Getattr(attr=name), args=arguments):
            return name in _METHODS and (name != "replace" or _shrinks(arguments))
        case nodes.Call():
            return False
    return True


def _is_plain_filter(node: nodes.Filter, name: str) -> bool:
    if name in _GROWING:
        inner = (each for child in node.iter_child_nodes() for each in _all(child))
        return not node.args and not any(isinstance(e, nodes.Filter) and e.name in _GROWING for e in inner)
    if name == "join":
        return all(isinstance(argument, nodes.Const) for argument in node.args)
    return name in _FILTERS and (name != "replace" or _shrinks(node.args))


def _is_number(node: nodes.Node) -> bool:
    """Whether it is a number whatever is given: of a loop, or a length."""
    match node:
        case nodes.Getattr(node=nodes.Name(name="loop"), attr="index" | "index0" | "revindex" | "revindex0"):
            return True
        case nodes.Filter(name="length" | "count"):
            return True
    return False


def _shrinks(arguments: list[nodes.Expr]) -> bool:
    """Whether replacing what the first names by the second makes no text longer."""
    texts = [argument.value for argument in arguments if isinstance(argument, nodes.Const)]
    return (
        len(texts) == len(arguments) == 2
        and all(isinstance(text, str) for text in texts)
        and 0 < len(texts[0]) >= len(texts[1])
    )


def _loops(node: nodes.Node, outer: tuple[str, ...]) -> bool:
    """Whether every loop in a loop goes over a part of what that loop holds (`outer`, its names)."""
    if isinstance(node, nodes.For):
        if node.recursive or (outer and _root(node.iter) not in outer):
            return False
        outer = tuple(name.name for name in _names(node.target))
    return all(_loops(child, outer) for child in node.iter_child_nodes())


def _root(node: nodes.Node | None) -> str:
    """The name that an expression takes a part of; nothing where there is none."""
    while not isinstance(node, nodes.Name):
        match node:
            case nodes.Getattr() | nodes.Getitem() | nodes.Filter() | nodes.Call():
                node = node.node
            case nodes.Or(left=left, right=nodes.List(items=[])):
                node = left
            case _:
                return ""
    return node.name


def _keeps(tree: nodes.Template) -> bool:
    """Whether what is kept under a name grows by pieces only: no value takes what is kept twice, or doubles
    it, and in a loop nothing is added but constants and parts of what the loop holds. What a loop goes over
    counts as kept where it comes from there.
    """
    kept = {name.name for each in tree.find_all(nodes.Assign) for name in _names(each.target)}
    loops = list(tree.find_all(nodes.For))
    for _ in loops:  # a loop may go over what another one names
        for loop in loops:
            if any(isinstance(each, nodes.Name) and each.name in kept for each in _all(loop.iter)):
                kept |= {name.name for name in _names(loop.target)}
    return all(_keeps_in(child, kept, ()) for child in tree.body)


def _keeps_in(node: nodes.Node, kept: set[str], held: tuple[str, ...]) -> bool:
    if isinstance(node, nodes.For):
        held = (*held, "loop", *(name.name for name in _names(node.target)))
    if isinstance(node, nodes.Assign):
        values = list(_all(node.node))
        names = [value.name for value in values if isinstance(value, nodes.Name)]
        if any(isinstance(value, nodes.Filter) and value.name in (*_GROWING, "join") for value in values):
            return False
        if sum(name in kept for name in names) > 1:
            return False
        adds = any(isinstance(value, nodes.Add | nodes.Concat) for value in values)
        if held and adds and not all(name in kept or name in held for name in names):
            return False
    return all(_keeps_in(child, kept, held) for child in node.iter_child_nodes())


def _names(target: nodes.Node) -> Iterator[nodes.Name | nodes.NSRef]:
    if isinstance(target, nodes.Name | nodes.NSRef):
        yield target
    for child in target.iter_child_nodes():
        yield from _names(child)
