"""Whatever is damaged, every command ends in words of our own."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from studio.cli.commands import app
from studio.errors import StudioError
from studio.recipe.files import write_recipe
from studio.recipe.recipe import Recipe
from tests.conftest import write_rows, write_tokenizer, write_weights

DEEP = "so deep"
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    3,
    10**15,
    1e300,
    0.5,
    "",
    "base",
    "ü",
    [],
    {},
    [1],
    {"a": 1},
    [["x"], 2],
]
QUICK, ALL = 42, 300


def command(*arguments: object) -> str:
    """Carry out a command line as `studio` does; what it refuses in words of our own is returned."""
    try:
        app([str(argument) for argument in arguments], standalone_mode=False)
    except StudioError as error:
        return str(error)
    except typer.Exit:
        return ""
    except Exception as error:
        if hasattr(error, "format_message"):  # a command line that does not parse
            return str(error.format_message())
        raise
    return ""


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where values are in a JSON document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with one thing wrong: a value or a key of its JSON, or some bytes."""
    try:
        text = content.decode()
        documents = [json.loads(text)]
        lines = False
    except ValueError:
        try:
            documents, lines = [json.loads(line) for line in content.decode().splitlines()], True
        except ValueError:
            return damaged_bytes(content, chance)
    if chance.random() < 0.2 or not documents or not all(isinstance(one, dict | list) for one in documents):
        return damaged_bytes(content, chance)
    document = chance.choice(documents)
    found = list(places(document))
    if not found:
        return b"[]"
    *way, last = chance.choice(found)
    for key in way:
        document = document[key]
    match chance.randrange(5):
        case 0:
            del document[last]
        case 1 if isinstance(document, dict):
            document["ü_new"] = chance.choice(ODD)
        case 2:
            document[last] = DEEP
        case _:
            document[last] = chance.choice(ODD)
    written = [json.dumps(one).replace(json.dumps(DEEP), "[" * 2000 + "]" * 2000) for one in documents]
    return ("\n".join(written) + "\n" if lines else written[0]).encode()


def damaged_lines(content: bytes, chance: random.Random) -> bytes:
    """TOML with one value in the place of another, a field that does not exist, or a line twice."""
    lines = content.decode().splitlines()
    name = chance.choice([line.partition(" = ")[0] for line in lines if " = " in line])
    value = chance.choice(
        ["-1", "0", "1e400", '""', '"ü"', "[]", "[[1]]", "{a = 1}", "true", "nan", "9" * 40]
    )
    new = chance.choice(
        [f"{name} = {value}", f"ü_{name} = 1", f'"ü" = {value}', f"new_field = {value}", "[loop]"]
    )
    return "\n".join([new if line.startswith(f"{name} = ") else line for line in lines]).encode()


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    match chance.randrange(6):
        case 0:
            return b""
        case 1:
            return content[:at]
        case 2:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        case 3:
            return b"[" * 100_000
        case 4:
            return content[:at] + b"\xff\x00NaN" + content[at:]
        case _:
            return b'{"a": NaN}'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a dataset, a saved one, a recipe, a run, a sweep and made rows, all whole."""
    home = tmp_path_factory.mktemp("whole")
    (home / "model").mkdir()
    write_tokenizer(home / "model")
    write_weights(home / "model")
    write_rows(home / "rows.jsonl", 12)
    fast = ["--set", "steps=2", "--set", "batch_size=2", "--set", "forgetting=false", "--set", "rank=2"]
    assert command("data", "save", home / "rows.jsonl", home / "saved") == ""
    train = [
        "train",
        home / "rows.jsonl",
        "--model",
        home / "model",
        "--name",
        "one",
        "--home",
        home / "home",
    ]
    assert command(*train, *fast) == ""
    sweep = ["sweep", *train[1:4], "--over", "rank=2,4", "--name", "grid", "--home", home / "home"]
    assert command(*sweep, *fast) == ""
    make = ["data", "make", home / "rows.jsonl", "--maker", "noise", "--sources", 3, "--out", home / "made"]
    assert command(*make) == ""
    recipe = Recipe().with_values(
        {"rank": 4, "steps": 5, "warmup": 0.1, "targets": "q_proj", "packing": True}
    )
    write_recipe(home / "recipe.toml", recipe)
    return home


def commands(kind: str, home: Path) -> list[list[object]]:
    """What is done with a damaged thing of this kind."""
    model, rows, runs = home / "model", home / "rows.jsonl", ["--home", home / "home"]
    match kind:
        case "model":
            short = ["--set", "steps=1", "--set", "forgetting=false"]
            return [
                ["forecast", model],
                ["data", rows, "--model", model],
                ["train", rows, "--model", model, *short, *runs],
            ]
        case "run":
            return [
                ["runs", *runs],
                ["chat", "one", "--prompt", "a", "--max-tokens", 2, *runs],
                ["evaluate", "one", *runs],
                ["resume", "one", *runs],
            ]
        case "sweep":
            return [["sweep", "--resume", "grid", *runs], ["runs", *runs]]
        case "making":
            made = home / "made"
            return [
                ["data", "made", made],
                ["data", "make", "--resume", made],
                ["data", "made", made, "--accept", "all", "--out", home / "more.jsonl"],
            ]
        case "dataset":
            saved = home / "saved"
            return [
                ["data", saved],
                ["data", saved, "--health"],
                ["data", "export", saved, home / "out.jsonl"],
                ["data", "save", saved, home / "again"],
            ]
        case _:
            recipe = ["--recipe", home / "recipe.toml"]
            return [["forecast", "starter", *recipe], ["train", rows, "--model", model, *recipe, *runs]]


FILES = {
    "model": "model",
    "run": "home/runs/one",
    "dataset": "saved",
    "recipe": "recipe.toml",
    "sweep": "home/runs/grid.sweep.json",
    "making": "made",
}


def broken(kind: str, number: int, home: Path, folder: Path) -> str:
    """A copy of the whole home, one file of which is damaged; the file's name."""
    shutil.copytree(home, folder, dirs_exist_ok=True)
    chance = random.Random(f"{kind} {number}")
    target = folder / FILES[kind]
    files = sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]
    file = chance.choice(files)
    change = damaged_lines if file.suffix == ".toml" and chance.random() < 0.7 else damaged
    file.write_bytes(change(file.read_bytes(), chance))
    return str(file.relative_to(folder))


def check(kind: str, numbers: range, home: Path, folder: Path, capsys: Any, slow: bool) -> None:
    surprises = []
    for number in numbers:
        copy = folder / f"{kind}-{number}"
        file = broken(kind, number, home, copy)
        for arguments in commands(kind, copy):
            if arguments[0] == "evaluate" and not slow:
                continue
            try:
                said = command(*arguments)
            except Exception as error:  # noqa: BLE001  # each is told, not the first only
                surprises.append(
                    f"{number} {file}: {arguments[0]}: {type(error).__name__}: {str(error)[:200]}"
                )
            else:
                if "pydantic" in said or "Traceback" in said or len(said) > 2_000:
                    surprises.append(f"{number} {file}: {arguments[0]}: {said[:200]}")
        shutil.rmtree(copy)
    capsys.readouterr()
    assert surprises == [], "\n".join(surprises)


KINDS = tuple(FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_things_are_refused_in_our_own_words(
    kind: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(kind, range(QUICK // len(KINDS)), home, tmp_path, capsys, slow=False)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_three_hundred_damaged_things_are_refused_in_our_own_words(
    kind: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(kind, range(ALL // len(KINDS)), home, tmp_path, capsys, slow=True)


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    shutil.copytree(home, tmp_path / "copy")
    return tmp_path / "copy"


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values), encoding="utf-8")


CONFIGS: dict[str, dict[str, Any]] = {
    "no vocabulary": {"vocab_size": 0},
    "a negative vocabulary": {"vocab_size": -4},
    "no width": {"hidden_size": 0},
    "a huge width": {"hidden_size": 10**15},
    "no heads": {"num_attention_heads": 0},
    "a family that is a part": {"model_type": "base"},
    "another such family": {"model_type": "cache"},
    "a family as a path": {"model_type": "../../x"},
    "layers as text": {"num_hidden_layers": "two"},
    "a nested width": {"hidden_size": {"a": [1]}},
}


@pytest.mark.parametrize("values", CONFIGS.values(), ids=CONFIGS)
def test_a_model_with_an_impossible_config_is_refused_in_a_sentence(
    values: dict[str, Any], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(copy / "model" / "config.json", **values)
    for arguments in commands("model", copy)[::2]:
        said = command(*arguments)
        assert said.endswith((".", ")", "?")), said
        assert "\n" not in said
    capsys.readouterr()


@pytest.mark.parametrize(
    "index", ["[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}', "3", "[" * 9999]
)
def test_an_index_of_weights_with_wrong_types_is_refused_in_a_sentence(index: str, copy: Path) -> None:
    model = copy / "model"
    (model / "model.safetensors").rename(model / "model-00001-of-00001.safetensors")
    (model / "model.safetensors.index.json").write_text(index)
    said = command(*commands("model", copy)[2])
    assert str(model) in said


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
)
def test_a_pipe_in_a_model_folder_is_refused_by_its_name(name: str, copy: Path) -> None:
    file = copy / "model" / name
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    assert f"{name} is not a file" in command(*commands("model", copy)[2])


def test_a_dataset_whose_path_is_no_utf_8_is_read_and_trained_on(copy: Path) -> None:
    if sys.platform == "darwin":
        pytest.skip("its file systems refuse such names")
    rows = (copy / "rows.jsonl").rename(copy / os.fsdecode(b"r\xff.jsonl"))
    runs = ["--home", copy / "home", "--set", "steps=1", "--set", "forgetting=false"]
    assert command("data", rows) == ""
    assert command("train", rows, "--model", copy / "model", "--name", "odd", *runs) == ""
    manifest = json.loads((copy / "home" / "runs" / "odd" / "run.json").read_text(encoding="utf-8"))
    assert json.dumps(str(rows)) in json.dumps(manifest)
    assert command("runs", "--home", copy / "home") == ""


def test_a_deep_config_is_refused_in_a_sentence(copy: Path) -> None:
    (copy / "model" / "config.json").write_text(
        '{"model_type": "qwen3", "a": ' + "[" * 9999 + "]" * 9999 + "}"
    )
    for arguments in commands("model", copy)[::2]:
        assert "config.json" in command(*arguments)


def test_a_run_of_a_newer_version_is_refused_by_the_name_of_what_is_new(copy: Path) -> None:
    file = copy / "home" / "runs" / "one" / "run.json"
    manifest = json.loads(file.read_text())
    manifest["recipe"]["loop"]["new_field"] = 1
    file.write_text(json.dumps(manifest))
    said = command("resume", "one", "--home", copy / "home")
    assert "no field called loop.new_field" in said
    assert "newer version" in said
    assert "pydantic" not in said


def test_a_recipe_of_a_newer_version_is_refused_by_the_name_of_what_is_new(copy: Path) -> None:
    file = copy / "recipe.toml"
    file.write_text(file.read_text() + "\n[new_group]\nnew_field = 1\n")
    said = command("train", copy / "rows.jsonl", "--recipe", file, "--home", copy / "home")
    assert "new_field" in said
    assert str(file) in said
