"""Jobs that take a run's result elsewhere: as an adapter, as a whole model, in other tools' formats."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import Said, Unusable, phrase
from studio.dataset.record import Message
from studio.errors import ModelError
from studio.events import AdapterImported, AnswerEnded, Event, Exported, Progress
from studio.files import check_room, whole_folder
from studio.generate.contestant import BASE, TUNED, Contestant, OpenContestant
from studio.generate.sampling import GREEDY
from studio.jobs.base import from_kept_parents
from studio.jobs.contestants import open_contestants
from studio.jobs.train import recipe_of
from studio.language import tr
from studio.models.folder import read_config
from studio.paths import model_folder
from studio.runs.folder import RunFolder
from studio.words import whole_characters

if TYPE_CHECKING:
    from studio.export.likeness import ReadBack, Reference
    from studio.models.adapter import ParentAdapter
    from studio.models.cache import ModelCache
    from studio.recipe.recipe import Recipe

MLX, PEFT, FUSED, GGUF, OLLAMA = "mlx", "peft", "fused", "gguf", "ollama"
PRECISIONS = {
    "f16": tr("16 bits (F16)"),
    "bf16": tr("16 bits (BF16)"),
    "q8_0": tr("8 bits (Q8_0)"),
    "q4_0": tr("4 bits (Q4_0)"),
    "q6_k": tr("6 bits (Q6_K), by llama-quantize"),
    "q5_k_m": tr("5 bits (Q5_K_M), by llama-quantize"),
    "q4_k_m": tr("4 bits (Q4_K_M), by llama-quantize"),
}
"""How a GGUF file can store weights, in words."""
_NEXT = {
    MLX: "mlx_lm.generate --model {model} --adapter-path {folder} --prompt TEXT",
    PEFT: "peft.PeftModel.from_pretrained(model, {folder!r})",
    OLLAMA: "ollama create NAME -f {folder}/Modelfile",
    GGUF: "llama-cli -m {folder}/{first}",
    FUSED: "mlx_lm.generate --model {folder} --prompt TEXT",
}
PROBE = 128
"""Tokens of ordinary text on which what was written is compared with the run's model."""


@dataclass(frozen=True)
class RunExportJob:
    """Write a run's result into the new folder `out`, in the form of a target, once it proves to be right.

    `weights` says what becomes of quantized weights in a whole model: auto, keep or plain; `precision` how a
    GGUF file stores them: f16, bf16, q8_0, q4_0, or where llama-quantize is installed q4_k_m, q5_k_m, q6_k.
    `ollama_name` is what Ollama, where it is installed, is to have the result as.
    `prompt` is asked of the run's model before and of what was read back after.
    """

    run: RunFolder
    target: str
    out: Path
    weights: str = "auto"
    precision: str = "f16"
    changed_base: bool = False
    ollama_name: str = ""
    prompt: str = ""

    @property
    def title(self) -> str:
        return tr("Exporting {name}", name=self.run.name)

    @property
    def template(self) -> Path | None:
        """The chat template of the person's own that the run was trained with, where it was."""
        return self.run.template if self.run.template.is_file() else None

    @property
    def template_text(self) -> str:
        """Its text, or nothing."""
        return self.template.read_text(encoding="utf-8") if self.template else ""

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        """Opens base and tuned, writes, reads back. Raises StudioError with what cannot be and what can."""
        from studio.export.companions import check_place, files_in

        out = self.out.expanduser().absolute()
        check_place(out, [self.run.path])
        self._check_programs()
        opened = yield from self._opened(model_cache)
        check_place(out, [opened.tuned.folder])
        check_room(out, _bytes_of(self, opened), phrase("disk.export"))
        before = yield from self._answer(opened, opened.tuned.module)
        yield Progress(tr("Writing"), 1, 3)
        with whole_folder(out) as folder:
            written, remarks = yield from _TARGETS[self.target](self, opened, folder)
            after = yield from self._answer(opened, written.module)
        if self.target == OLLAMA and self.ollama_name:
            remarks = (*remarks, (yield from _in_ollama(self.ollama_name, out)))
        remarks = (*remarks, *opened.remarks_on_template())
        yield Progress(tr("Written"), 3, 3)
        files, size = files_in(out)
        found = written.likeness
        alike = found.difference, found.same, found.places, found.lost
        yield Exported(self.target, str(out), files, size, *alike, remarks, self.prompt, before, after)

    def _answer(self, opened: _Opened, module: Any) -> Generator[Event, None, str]:
        """What a model says to the prompt, where there is one."""
        from studio.generate.stream import answer

        if not self.prompt:
            return ""
        tuned, question = opened.tuned, Message("user", whole_characters(self.prompt))
        prompt, stops = tuned.renderer.prompt_ids((question,), typed_as_text=True), tuned.renderer.stops
        for event in answer("", module, tuned.tokenizer, prompt, GREEDY, stops):
            if isinstance(event, AnswerEnded):
                return event.text
            yield Progress(tr("Asking it"), 2, 3)
        return ""

    def _check_programs(self) -> None:
        """Raise ModelError, before anything is done, where a program is missing that no one can replace."""
        from studio.export.programs import K_QUANTS, check_ollama_name, check_quantizer

        if self.target in (GGUF, OLLAMA) and self.precision in K_QUANTS:
            check_quantizer()
        if self.ollama_name:
            check_ollama_name(self.ollama_name, self.target == OLLAMA)

    def _opened(self, model_cache: ModelCache) -> Generator[Event, None, _Opened]:
        from studio.export.likeness import Reference
        from studio.train.prepare import form_of, general_text, parents_of

        who = [Contestant(kind=BASE), Contestant(kind=TUNED)]
        base, tuned = yield from open_contestants(self.run, who, model_cache, changed_base=self.changed_base)
        yield Progress(tr("Reading with base and tuned"), 0, 3)
        rows = [tokens.ids for tokens in general_text(tuned.renderer, PROBE)]
        manifest = self.run.manifest()
        recipe = from_kept_parents(recipe_of(manifest), self.run, manifest)
        bits = form_of(recipe).resolved(read_config(tuned.folder)).bits
        reference = Reference.of(rows, base.module, tuned.module)
        return _Opened(tuned, recipe, parents_of(recipe), reference, bits)


@dataclass(frozen=True)
class _Opened:
    """A run's model and what it is compared by; `bits` where its weights were quantized for it here."""

    tuned: OpenContestant
    recipe: Recipe
    parents: tuple[ParentAdapter, ...]
    reference: Reference
    bits: int

    def remarks_on_template(self) -> tuple[Said, ...]:
        """What a person should know where nothing that is written says how the run was asked."""
        named = self.recipe.data.template
        untold = named in ("alpaca", "chatml") or (named == "auto" and not self.tuned.tokenizer.chat_template)
        if self.recipe.objective == "text" or not untold:
            return ()
        return (phrase("export.template", template=self.tuned.renderer.description),)

    def remarks(self) -> tuple[Said, ...]:
        """What a person should know who takes the adapter alone."""
        merged = phrase("export.merged", count=len(self.parents) + 1) if self.parents else None
        here = phrase("export.quantized_here", bits=self.bits) if self.bits else None
        return tuple(filter(None, (merged, here)))


def next_step(event: Exported, run: RunFolder) -> str:
    """How what was written is used: a command, or for PEFT a line of Python."""
    model = model_folder(recipe_of(run.manifest()).model)
    return _NEXT[event.target].format(model=model, folder=event.folder, first=event.files[0])


_WIDTHS = {"f16": 2.0, "bf16": 2.0, "q8_0": 1.07, "q4_0": 0.57, "q6_k": 2.83, "q5_k_m": 2.72, "q4_k_m": 2.62}
"""Bytes that a number takes while a GGUF file is written; llama-quantize reads a file of 16 bits."""


def _bytes_of(job: RunExportJob, opened: _Opened) -> float:
    """About what an export takes of the disk."""
    from studio.models.arrays import count_entries, named

    if job.target in (MLX, PEFT):
        folders = (job.run.adapter, *job.run.parents())
        return 2 * sum(file.stat().st_size for folder in folders for file in folder.glob("*"))
    if job.target == FUSED and job.weights != "plain":
        return sum(array.nbytes for array in named(opened.tuned.module.parameters()).values())
    return _WIDTHS.get(job.precision if job.target != FUSED else "", 4.0) * count_entries(opened.tuned.module)


type _Written = Generator[Event, None, tuple[ReadBack, tuple[Said, ...]]]


def _mlx(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.mlx_adapter import check_adapter, write_adapter

    write_adapter(folder, opened.tuned, opened.parents)
    yield Progress(tr("Reading it back"), 2, 3)
    return check_adapter(folder, opened.tuned, opened.reference), opened.remarks()


def _fused(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.fused import check_fused, fuse, write_fused

    fused = fuse(opened.tuned, opened.reference, job.weights)
    write_fused(folder, fused, opened.tuned, job.template)
    yield Progress(tr("Reading it back"), 2, 3)
    found = check_fused(folder, fused, opened.reference)
    return found, tuple(_losses(fused.quantized, fused.lost, found.likeness.lost))


def _losses(quantized: bool, requantized: float | None, lost: float | None) -> Iterator[Said]:
    """What is said of what was lost, or would have been."""
    if requantized is not None:
        code = "export.requantized" if quantized else "export.dequantized"
        yield phrase(code, lost=requantized)
    elif lost is not None and lost > 0.001:
        yield phrase("export.rounded", lost=lost)


def _peft(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.peft_export import check_peft, write_peft
    from studio.models.form import is_quantized

    write_peft(folder, job.run, opened.tuned, opened.parents, opened.recipe)
    yield Progress(tr("Reading it back"), 2, 3)
    packed = (phrase("export.peft_base"),) if is_quantized(read_config(opened.tuned.folder)) else ()
    return check_peft(folder, opened.tuned, opened.reference), (*opened.remarks(), *packed)


def _gguf(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.fused import PLAIN, config_of, fuse
    from studio.export.gguf_file import check_gguf, plain_precision, write_gguf
    from studio.export.likeness import ReadBack
    from studio.export.programs import K_QUANTS, quantize

    fused = fuse(opened.tuned, opened.reference, PLAIN)
    config, file = config_of(fused, opened.tuned), folder / _gguf_name(job)
    tuned, template, quantized = opened.tuned, job.template_text, job.precision in K_QUANTS
    precision = plain_precision(fused.module) if quantized else job.precision
    remarks = write_gguf(file, fused.module, config, tuned.folder, tuned.tokenizer, precision, template)
    if quantized:
        plain = file.rename(file.with_suffix(".plain"))
        for _ in quantize(plain, file, job.precision):
            yield Progress(tr("Quantizing"), 1, 3)
        plain.unlink()
    yield Progress(tr("Reading it back"), 2, 3)
    module = check_gguf(file, fused.module, config, job.precision)
    found = ReadBack(module, opened.reference.likeness(module))
    return found, (*_losses(False, None, found.likeness.lost), *remarks)


def _ollama(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.gguf_tokenizer import starts_with
    from studio.export.ollama import form_of, modelfile

    found, remarks = yield from _gguf(job, opened, folder)
    tokenizer = opened.tuned.tokenizer
    try:
        form = form_of(tokenizer, starts_with(tokenizer), job.template_text)
        text = modelfile(_gguf_name(job), form, _stops(tokenizer))
        remarks = remarks if form.system else (*remarks, phrase("export.ollama_no_system"))
    except Unusable as error:
        remarks = (*remarks, error.phrase)
        text = modelfile(_gguf_name(job), None, _stops(tokenizer))
    (folder / "Modelfile").write_text(text, encoding="utf-8")
    return found, remarks


def _in_ollama(name: str, folder: Path) -> Generator[Event, None, Said]:
    """Create the model in Ollama and ask it something; what is said of that."""
    from studio.export.programs import QUESTION, find_program, give_to_ollama

    if find_program("ollama") is None:
        return phrase("export.ollama_none", name=name)
    try:
        asking = give_to_ollama(name, folder)
        while True:
            try:
                next(asking)
            except StopIteration as end:
                return phrase("export.ollama_created", name=name, question=QUESTION, answer=end.value)
            yield Progress(tr("Asking Ollama"), 2, 3)
    except ModelError as error:
        return phrase("export.ollama_failed", name=name, fault=str(error))


def _stops(tokenizer: Any) -> tuple[str, ...]:
    """The tokens that end an answer, as text."""
    return tuple(map(str, tokenizer.convert_ids_to_tokens(sorted(tokenizer.eos_token_ids))))


def _gguf_name(job: RunExportJob) -> str:
    return f"{job.run.name}-{job.precision}.gguf"


_TARGETS: dict[str, Callable[[RunExportJob, _Opened, Path], _Written]] = {
    MLX: _mlx,
    PEFT: _peft,
    FUSED: _fused,
    GGUF: _gguf,
    OLLAMA: _ollama,
}
"""What a run's result can be written as."""


@dataclass(frozen=True)
class AdapterImportJob:
    """Bring a PEFT adapter into the new folder `out`, where runs can go on from it; `model` is its base.

    Without `model` it is the folder that the adapter names, where there is one on this machine.
    """

    source: Path
    out: Path
    model: str = ""

    @property
    def title(self) -> str:
        return tr("Importing {name}", name=self.source.name)

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        """Reads, writes, and compares every layer. Raises ModelError or TargetError with what cannot be."""
        from studio.export.companions import check_place
        from studio.export.peft_export import import_peft
        from studio.export.peft_import import described_in

        source, out = self.source.expanduser().absolute(), self.out.expanduser().absolute()
        base = self._base(described_in(source))
        check_place(out, [source, base])
        yield Progress(tr("Loading the model"), 0, 2)
        model, bare = model_cache.open(base).module, model_cache.open(base).module
        yield Progress(tr("Reading the adapter"), 1, 2)
        with whole_folder(out) as folder:
            found = import_peft(source, folder, model, bare, base)
        yield AdapterImported(str(out), str(base), found.kind, found.rank, found.scale, len(found.layers))

    def _base(self, described: dict[str, Any]) -> Path:
        if self.model:
            return model_folder(self.model)
        named = str(described.get("base_model_name_or_path") or "")
        if not named or not (Path(named) / "config.json").is_file():
            raise ModelError("import.no_model", base=named or "(no name)", folder=self.source)
        return Path(named)
