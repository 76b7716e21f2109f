"""Which chat templates may run in this process: published ones, and those that cannot take long.

A template is a program of somebody else's. Jinja's sandbox keeps it from files and from Python, not from
running for ever or from filling the memory. A template is harmless where it is known by its hash (those that
model families publish, and those that TRL trains with instead), or where nothing in it can do more work than
there is text: loops over what it is given, each inner one over a part of what the outer one holds, texts that
grow by pieces and never by themselves, and a few functions. The others run in a process of their own
(`studio.dataset.render.isolated`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import TemplateError, nodes

from studio.dataset.render.sandbox import parsed

HASHES = frozenset(
    {
        "90c33aee14aa2a226127516d48ee9184c9b90745d4a04c484621ec2e82fb712c",  # cohere
        "2147c474f41b522b7296f74692b9f31e45f49a31465960576a9d321339c5915a",  # cohere2
        "7e5836a74c01d22504306273f8a7b49f944f6b960efee67609c07eef0a9ba295",  # cohere2_training
        "5f9718bfe3a1945366ea792b9714e42aa5849f1d41a1093c2ce4da4a77383996",  # cohere_training
        "563b1ce7d61d50a9b4c7439a912a1116f095b712df5b5e4d3e1116049874eb64",  # deepseekv3
        "aadb4942004c186f9ba97d28f653d7f2e0dc20e4275352a486f7cafbe4dd7b51",  # deepseekv3_training
        "9aeb7eac68ad87bba7567e9d4597ff203e5609f1b427d9e823437d0142cc61bf",  # diffusion_gemma
        "cf1664f301605c2fa7e361a18b5b60aaf3896b3f8e2626b96869a99c8e8a71f9",  # diffusion_gemma_training
        "ecd6ae513fe103f0eb62e8ab5bfa8d0fe45c1074fa398b089c93a7e70c15cfd6",  # gemma
        "8d9e3a3c114fb2053ec500184677af4f7e5f8ec2582443cd535834e68b3ade29",  # gemma3
        "f168271feb9abc530eeaf742fa0e6aeeec7266ade5370f0cd035c9ba7a0b6f4e",  # gemma3_training
        "ee06c456c3a7f9b11598f2ccb8ac64c248d962e17cdc53ff414e6427051d3847",  # gemma_training
        "44f815868bf02fa458dd2f741a338046f4bf45f398eb6d067766726b9d96cce3",  # glm4moe
        "ad143c0a4d83db00006607e91c3990ed6a6e14e2d20f10177356d5ab14d1a29c",  # glm4moe_training
        "a4c9919cbbd4acdd51ccffe22da049264b1b73e59055fa58811a99efbd7c8146",  # gptoss
        "6adda7cea0f63ef14918be7f26100b324525b6185a8f06932914388ffaa52e32",  # gptoss_training
        "0d7e56ca41705b79932de707b22bc855c3cfcefae62f1ac5e458560654883d2e",  # idefics3
        "b3d230222aae242eeda373f36f08c7170557dcbd4a93dfb2d2d3c718ee777654",  # idefics3_training
        "cef187400d62a59507aab3a642ea9a8d2a2ef263562bc3430560e116945273cf",  # lfm2
        "6d65c8804847ad74eea912dd7eca3dc1cf7a457b53a77f47d841a14121910963",  # lfm2_2_5
        "fc29163f52185634af234b57c358b231f22e9a266f8ecba90627e47a03626103",  # lfm2_training
        "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122",  # llama3
        "93c0e9aa3629bbd77e68dbc0f5621f6e6b23aa8d74b932595cdb8d64684526d7",  # llama3_1
        "d82792f95932f1c9cef5c4bd992f171225e3bf8c7b609b4557c9e1ec96be819f",  # llama3_2
        "bc213ef03ac49e40c58b11933b109235e63d25f13e7cd4df966c577966d2345e",  # llama3_training
        "2c17243a977fd0643fb549a509a8e2684f45517df0f9f608d5893b719f16569f",  # llava_next
        "ae0ba79488f7c225ae69dc33d7d3ba3c23b1973c04d82cdd5f3f4cd165109742",  # llava_next_training
        "43a92aacc2e169bb37055e4d8b0df31edfdc8657d8c387fcf98254cb246e626a",  # nemotron_3_nano
        "27f60673625fd5c999a19c6adf6e8d1a9652bc53b57cf0876b44c63b9609a969",  # nemotron_3_nano_training
        "3b74d76d8b903752e764cae114ae8ae2f24cd260466cf672570c745219573d28",  # nemotron_3_super
        "419481c732d993adc3443a0e8328407dbecb23c9a92fa2bc9c4bfb0624b0e298",  # nemotron_3_super_training
        "82753bef5cedc4932c1ed509b5c9a12be680fd86d1adb65bc3f7398d11c8eebc",  # nemotron_3_ultra
        "d61cca230ac4f8137e74e88d73d8a649e4c3a71bb79b82925a19cf6dc52a6c7e",  # nemotron_3_ultra_training
        "dcaee66df77bfbb789ec541fe713218da30225a526f1db97138fc39ee6dc56aa",  # phi3
        "78d976a442bcde2f0be15aafbb8e3050e1104f86732266f68403251b89982a90",  # phi3_5
        "a76a9651a9785afe269c6b91598d55f03ab8adf3d8489a4a9c8ef432128b7c08",  # phi3_5_training
        "e07f1f264b65432cef327dc6be58004bfaf44eb6ed305abae42c33211c1cc92e",  # phi3_training
        "55b2f4a26ac9ee719330a61a0c39d9e538b0e9322212f048326318cff4f8674a",  # qwen2_5
        "f3714f7117c9d447db80ceb3fcb67a64ba08d149dd4434fe53add9c7f1dd344b",  # qwen2_5_training
        "a0bc6f6fc7a29a80017a433e8f03a1cc1236e838a944a2d034295a60c4f2fddb",  # qwen2_5_vl
        "31c85932a6d8826f0fe8d52b81767eba6b869128b0a7c7503d1e7baaad4e8043",  # qwen2_5_vl_training
        "a55ee1b1660128b7098723e0abcd92caa0788061051c62d51cbe87d9cf1974d8",  # qwen3
        "273d8e0e683b885071fb17e08d71e5f2a5ddfb5309756181681de4f5a1822d80",  # qwen3_5_nothink
        "f32fe3e21c20f59d193244181c8b4c324c73a8cd313ddf825633a9ecfd2afad2",  # qwen3_5_nothink_training
        "a4aee8afcf2e0711942cf848899be66016f8d14a889ff9ede07bca099c28f715",  # qwen3_5_think
        "ccf356d8f238e287c047b1ef589850fd6b2b44e6cb29079e26c635fb9b8111ef",  # qwen3_5_think_training
        "e84f32a23fdda27689f868aa4a1a5621f41133e51a48d7f3efcbea2839574259",  # qwen3_6
        "c5a26eaf3aab77fdc4ec696540ff896713ff0764f552ce9f597ede99fc673034",  # qwen3_6_training
        "64f85b198065d0fba2a81f37e10ed68161ce2c19a754c7100e67e0ca2ee9c326",  # qwen3_instruct_2507
        "48e17aa3caf5bf20075b6e7366864ee943e00b6f0752aadfe8b670c2ab0291a5",  # qwen3_instruct_2507_training
        "1d944ff8f268b611abb296cdd24d0f51981eef1c8647ac321c3a0258f61eb6c9",  # qwen3_training
        "9d879ef91075acbfb2df7e441fd79d60bacfca989cf6d511d2af45c681e94f10",  # qwen3_vl
        "f0b310bf8e64c9dc033756ddd5a0fad3903cc8a0a90ee83aee58d7e4ba313956",  # qwen3_vl_training
    }
)
"""SHA-256 of a template's text without the white space around it."""


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
    return digest in HASHES or _is_proven(source)


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
