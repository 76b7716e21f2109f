"""Failures of libraries and of the system are known: provoked where they can be here, else by their words."""

from __future__ import annotations

import errno
import json
import os
import resource
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from mlx import nn

from studio.catalogue import CLAUSES, Phrase, phrase
from studio.errors import ModelError
from studio.failures import KNOWN, known, of_metal, said_of, told_as

type Provoke = Callable[[Path], object]

FAILED = "[METAL] Command buffer execution failed: "


def written(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    return str(file)


def safetensors(entry: dict[str, object], data: bytes = b"") -> bytes:
    header = json.dumps({"a": entry}).encode()
    return len(header).to_bytes(8, "little") + header + data


def cut_short(folder: Path) -> object:
    entry = {"dtype": "F32", "shape": [1000], "data_offsets": [0, 4000]}
    return mx.load(written(folder / "a.safetensors", safetensors(entry, b"0" * 10)))


def of_another_kind(folder: Path) -> object:
    entry = {"dtype": "F8_E8M9", "shape": [4], "data_offsets": [0, 4]}
    return mx.load(written(folder / "a.safetensors", safetensors(entry, b"0000")))


def without_memory(_: Path) -> object:
    """numpy, asked for more than any machine has."""
    import numpy as np

    return np.zeros((1 << 50,), np.int64)


def from_mlx_lm(config: dict[str, object]) -> Provoke:
    def provoke(_: Path) -> object:
        from mlx_lm import utils

        return utils._get_classes(config)

    return provoke


def from_transformers(_: Path) -> object:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(_))


def from_tokenizers(text: str) -> Provoke:
    def provoke(folder: Path) -> object:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(written(folder / "tokenizer.json", text.encode()))

    return provoke


def template(text: str | None) -> Provoke:
    """A conversation in this chat template."""

    def provoke(folder: Path) -> object:
        from tokenizers import Tokenizer, models
        from transformers import PreTrainedTokenizerFast

        tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
        tokenizer.chat_template = text
        return tokenizer.apply_chat_template([{"role": "user", "content": "Hello"}], tokenize=False)

    return provoke


def raising(words: str) -> Provoke:
    return template("{{ raise_exception('" + words + "') }}")


def full_disk(_: Path) -> None:
    with open("/dev/full", "w") as file:
        file.write("x" * 100_000)


def too_large_file(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # Python ignores the signal of it
    try:
        (folder / "large").write_bytes(b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def too_many_files(folder: Path) -> None:
    before, opened = resource.getrlimit(resource.RLIMIT_NOFILE), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, before[1]))
    try:
        while True:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for file in opened:
            os.close(file)


def untrusted(folder: Path) -> None:
    """A server whose certificate nobody has signed, asked as the Hub is asked."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    made = [*command.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, capture_output=True, check=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    near, far = socket.socketpair()
    with near, far:
        one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = serving.wrap_bio(one, other, server_side=True)
        client = ssl.create_default_context().wrap_bio(other, one, server_hostname="localhost")
        for _ in range(5):
            for side in (client, server):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue


def nobody_listens(_: Path) -> object:
    import httpx2

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return httpx2.get(f"http://127.0.0.1:{taken.getsockname()[1]}")


def silent(_: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname(), timeout=0.01) as asking:
            asking.settimeout(0.01)
            asking.recv(1)


def not_parquet(folder: Path) -> object:
    from pyarrow import parquet

    return parquet.read_table(written(folder / "a.parquet", b"no Parquet at all"))


def not_arrow(folder: Path) -> object:
    import pyarrow

    return pyarrow.ipc.open_file(written(folder / "a.arrow", b"no Arrow at all, not at all"))


def without_keychain(_: Path) -> object:
    from keyring.backends import fail

    return fail.Keyring().get_password("a", "b")


def locked(_: Path) -> None:
    from keyring.errors import KeyringLocked

    raise KeyringLocked("Can't get password from keychain: (-25308, 'User interaction is not allowed')")


def signed_out(_: Path) -> None:
    from wandb.errors import UsageError

    raise UsageError("api_key not configured (no-tty). call wandb.login(key=[your_api_key])")


def tracker_silent(_: Path) -> None:
    from wandb.errors import CommError

    raise CommError("Run initialization has timed out after 30.0 sec.")


def load_weights(*weights: tuple[str, mx.array]) -> Provoke:
    return lambda _: nn.Linear(3, 4).load_weights(list(weights))


W, B = mx.zeros((4, 3)), mx.zeros((4,))

PROVOKED: list[tuple[str, Provoke]] = [
    ("failure.no_memory", without_memory),
    ("failure.weights_cut_short", cut_short),
    ("failure.weights_kind", of_another_kind),
    ("failure.weights_damaged", lambda at: mx.load(written(at / "a.safetensors", b"\xff" * 100))),
    ("failure.weights_damaged", lambda at: mx.load(written(at / "a.safetensors", b"\x01\x02"))),
    ("failure.weights_damaged", lambda at: mx.load(written(at / "a.gguf", b"xxxx" * 10))),
    ("failure.weights_damaged", lambda at: mx.load(written(at / "a.npy", b"xxxx" * 10))),
    ("failure.weights_missing", lambda at: mx.load(str(at / "none.safetensors"))),
    ("failure.other_weights", load_weights(("weight", W), ("bias", B), ("x", B))),
    ("failure.other_weights", load_weights(("weight", W))),
    ("failure.other_weights", load_weights(("weight", B), ("bias", B))),
    ("failure.quantize_groups", lambda at: mx.quantize(mx.ones((4, 33)), group_size=64, bits=4)),
    ("failure.ranks", lambda at: mx.distributed.init(strict=True, backend="ring")),
    ("failure.unsupported_model", from_mlx_lm({"model_type": "of_tomorrow"})),
    ("failure.no_model_type", from_mlx_lm({})),
    ("failure.no_tokenizer", from_transformers),
    ("failure.tokenizer_damaged", from_tokenizers("{")),
    ("failure.tokenizer_damaged", from_tokenizers("{}")),
    (
        "failure.tokenizer_damaged",
        from_tokenizers('{"version":"1.0","model":{"type":"Of tomorrow"},"added_tokens":[]}'),
    ),
    ("failure.no_chat_template", template(None)),
    (
        "failure.roles_alternate",
        raising("Conversation roles must alternate user/assistant/user/assistant/..."),
    ),
    ("failure.no_system_role", raising("System role not supported")),
    ("failure.template_unsafe", template("{{ ''.__class__.__mro__ }}")),
    ("failure.template_faulty", template("{% if %}")),
    ("failure.template_faulty", template("{{ a.b.c }}")),
    ("failure.disk_full", full_disk),
    ("failure.file_too_large", too_large_file),
    ("failure.too_many_files", too_many_files),
    ("failure.name_too_long", lambda at: (at / ("n" * 300)).write_text("")),
    ("failure.certificate", untrusted),
    ("failure.no_name", lambda at: socket.getaddrinfo("no.such.name.invalid", 80)),
    ("failure.refused", nobody_listens),
    ("failure.too_slow", silent),
    ("failure.not_parquet", not_parquet),
    ("failure.not_parquet", not_arrow),
    ("failure.not_text", lambda at: b"gr\xfc\xdfe".decode()),
    ("failure.not_json", lambda at: json.loads('{"a": }')),
    ("failure.nested", lambda at: json.loads("[" * 200_000)),
    ("failure.no_keychain", without_keychain),
    ("failure.keychain_locked", locked),
    ("failure.wandb_signed_out", signed_out),
    ("failure.wandb", tracker_silent),
]

SAID: list[tuple[str, BaseException]] = [
    # ml-explore/mlx, mlx/backend/metal/device.cpp and allocator.cpp, with Metal's own names of its errors.
    (
        "engine.stopped_by_macos",
        RuntimeError(
            FAILED
            + "Impacting Interactivity (0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)"
        ),
    ),
    (
        "engine.stopped_by_macos",
        RuntimeError(FAILED + "Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)"),
    ),
    (
        "engine.out_of_memory",
        RuntimeError(FAILED + "Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)"),
    ),
    (
        "failure.array_too_large",
        ValueError(
            "[metal::malloc] Attempting to allocate 135383101952 bytes which is greater than the maximum "
            "allowed buffer size of 77309411328 bytes."
        ),
    ),
    ("failure.too_many_arrays", RuntimeError("[metal::malloc] Resource limit (499000) exceeded.")),
    (
        "failure.gpu_hang",
        RuntimeError(FAILED + "Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)"),
    ),
    (
        "failure.gpu_disturbed",
        RuntimeError(
            FAILED + "Ignored (for causing prior/excessive GPU errors) "
            "(00000004:kIOGPUCommandBufferCallbackErrorSubmissionsIgnored)"
        ),
    ),
    (
        "failure.no_gpu",
        RuntimeError(
            "[metal::load_device] No Metal device available. This typically occurs in headless, sandboxed, "
            "or virtualized macOS sessions where the GPU is not accessible."
        ),
    ),
    (
        "failure.no_metallib",
        RuntimeError("Failed to load the default metallib. library not found library not found"),
    ),
    (
        "failure.no_kernel",
        RuntimeError("[metal::Device] Unable to load kernel steel_attention_float16\nerror"),
    ),
    (
        "engine.metal",
        RuntimeError(FAILED + "Page Fault (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)"),
    ),
    ("failure.no_memory", RuntimeError("[malloc] Unable to allocate 34359738368 bytes.")),
    # huggingface/transformers, dynamic_module_utils.py
    (
        "failure.own_code",
        ValueError(
            "The repository /models/a contains custom code which must be executed to correctly load the "
            "model. You can inspect the repository content at https://hf.co//models/a.\nPlease pass the "
            "argument `trust_remote_code=True` to allow custom code to be run."
        ),
    ),
    # What only another user, another disk or another network gives.
    ("failure.read_only", OSError(errno.EROFS, "Read-only file system", "/Volumes/CD/a")),
    ("failure.not_allowed", PermissionError(errno.EPERM, "Operation not permitted", "/Users/a/Desktop/b")),
    ("failure.disk_fails", OSError(errno.EIO, "Input/output error", "/Volumes/Old/a")),
    ("failure.out_of_reach", OSError(errno.EHOSTUNREACH, "No route to host")),
    ("failure.no_name", OSError(8, "nodename nor servname provided, or not known")),
]


@pytest.mark.parametrize(
    ("code", "provoke"), PROVOKED, ids=lambda each: each if isinstance(each, str) else ""
)
def test_a_failure_that_was_provoked_is_known(code: str, provoke: Provoke, tmp_path: Path) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each of its own library
        provoke(tmp_path)
    assert_told(caught.value, code)


@pytest.mark.parametrize(("code", "error"), SAID, ids=lambda each: each if isinstance(each, str) else "")
def test_what_a_library_writes_elsewhere_is_known(code: str, error: BaseException) -> None:
    assert_told(error, code)


def assert_told(error: BaseException, code: str) -> None:
    """It is a sentence of ours, whole, in which nothing is left open and no library speaks of itself."""
    said = said_of(error)
    assert isinstance(said, Phrase)
    assert said.code == code, f"{type(error).__name__}: {error}"
    text = str(said)
    assert "…" not in text
    assert text[0].isupper() or text.startswith(("/", "macOS"))
    assert text.endswith(".") or text.endswith("?")
    assert known(error) is not None


def test_each_of_at_least_25_known_failures_has_its_case() -> None:
    codes = {what.code for what in KNOWN}
    assert len(codes) >= 25
    assert codes == {code for code, _ in (*PROVOKED, *SAID)}
    assert codes <= CLAUSES.keys()
    assert all(what.source for what in KNOWN)


def test_values_of_a_sentence_are_those_of_the_failure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long") as caught:
        (tmp_path / ("n" * 300)).write_text("")
    assert said_of(caught.value) == phrase("failure.name_too_long", file=str(tmp_path / ("n" * 300)))
    too_large = next(error for code, error in SAID if code == "failure.array_too_large")
    assert said_of(too_large) == phrase("failure.array_too_large", size="126.1 GB", most="72.0 GB")


def test_what_stands_below_counts_and_what_we_say_is_never_looked_into() -> None:
    above = ValueError("cannot be read")
    above.__cause__ = OSError(errno.ENOSPC, "No space left on device", "a")
    assert said_of(above) == phrase("failure.disk_full", file="a")
    ours = ModelError(FAILED + "Insufficient Memory")
    assert (known(ours), str(said_of(ours))) == (None, str(ours))


def test_what_nobody_knows_is_told_in_a_sentence_with_its_words() -> None:
    assert said_of(ZeroDivisionError("division by zero")) == phrase(
        "failure.unknown", kind="ZeroDivisionError", words="division by zero"
    )
    assert "without a word" in str(said_of(AssertionError()))


def test_metal_breaks_its_thread_and_the_rest_does_not() -> None:
    metal = {what.code for what in KNOWN if what.metal}
    assert {code for code, error in SAID if of_metal(error)} == metal
    assert not of_metal(RuntimeError("There is no Stream(cpu, 0) in current thread."))


def test_the_last_words_of_a_process_tell_what_ended_it() -> None:
    words = f"INFO studio: step 3\nlibc++abi: terminating due to uncaught exception: {FAILED}GPU Timeout\n"
    assert told_as(words) == phrase("engine.stopped_by_macos")
    assert told_as("terminate called: std::bad_alloc") == phrase("failure.no_memory")
    assert told_as("INFO studio: {'model_type'} not supported\nConnection refused") is None
