"""Data: what a file's rows are found to be, big files by their index, tables, and documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from studio.errors import ModelError, StudioError
from studio.events import Checked, RowShown, Scanned
from studio.language import plural, tr
from studio.models.weights import WHOLE, find_weights
from studio.paths import STARTER_MODEL, model_folder, resource
from studio.recipe.recipe import Recipe
from studio.selftest.check import CheckOutcome, Workbench
from studio.selftest.faults import shipped, short
from studio.selftest.samples import SENTENCE, html_page, pdf_page, prose, word_document

_SAMPLES = (
    *("instructions.jsonl", "chat.jsonl", "preferences.jsonl", "golden.jsonl", "messy.jsonl"),
    *("sentiment.csv", "general.txt"),
)
_TOLD = ("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json")
_BIG = 20_000


def samples(_: Workbench) -> CheckOutcome:
    """Every file of sample data that ships with the app is read."""
    from studio.dataset.read.load import read

    rows = {}
    for name in _SAMPLES:
        with shipped(resource(f"starter/{name}")) as file:
            rows[name] = len(read(file).records)
    return CheckOutcome(
        tr("{rows:,} rows in {files} files", rows=sum(rows.values()), files=len(rows)), {"rows": rows}
    )


def starter(_: Workbench) -> CheckOutcome:
    """Every file of the starter model is there, whole, and says what it is."""
    folder = model_folder(STARTER_MODEL)
    for name in _TOLD:
        with shipped(folder / name) as file:
            json.loads(file.read_text(encoding="utf-8"))
    weights = folder / WHOLE
    if not weights.is_file():
        raise StudioError("selftest.missing_file", file=short(str(weights)))
    try:
        arrays = find_weights(folder).arrays
    except ModelError as error:
        raise StudioError("selftest.damaged_file", file=short(str(weights))) from error
    return CheckOutcome(tr("{files} files, {arrays} arrays", files=len(_TOLD) + 1, arrays=len(arrays)))


def health(bench: Workbench) -> CheckOutcome:
    """Every check of a dataset; the one for languages must find the one row in another."""
    from py3langid import langid

    from studio.jobs.health import HealthJob

    with shipped(Path(langid.__file__).parent / langid.MODEL_FILE):
        langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    path = _write(bench.folder / "prose.jsonl", prose())
    events = list(HealthJob(Recipe().with_values({"data.path": str(path)})).run_events(None))
    checked = next(event for event in events if isinstance(event, Checked))
    flagged = {finding.check: finding.count for finding in checked.findings if finding.count}
    if flagged.get("language") != 1:
        raise StudioError("selftest.no_language")
    detail = tr(
        "{checks} checks of {rows:,} rows, one in another language found",
        checks=len(checked.findings),
        rows=checked.rows,
    )
    return CheckOutcome(detail, {"flagged": flagged})


def big_file(bench: Workbench) -> CheckOutcome:
    """A file is indexed by a child process, and one of its rows read by the index."""
    from studio.jobs.scan import RowJob, ScanJob

    path = _write(bench.folder / "big.jsonl", ((f"Say {n}.", f"{n} it is.") for n in range(_BIG)))
    events = list(ScanJob(path, bench.folder / "scans").run_events(None))
    ended = [event for event in events if isinstance(event, Scanned) and event.finished][-1]
    shown = next(iter(RowJob(path, Path(ended.folder), _BIG // 2).run_events(None)))
    assert isinstance(shown, RowShown)
    if ended.rows != _BIG or f"{_BIG // 2} it is." not in shown.texts:
        raise StudioError("selftest.lost_rows", written=_BIG, read=ended.rows)
    return CheckOutcome(tr("{rows:,} rows indexed by a child process", rows=ended.rows), {"rows": ended.rows})


def parquet(bench: Workbench) -> CheckOutcome:
    """Rows are written as Parquet, as saved datasets are, and read back."""
    from studio.dataset.read.load import read
    from studio.dataset.save.parquet import write_parts

    records = read(_write(bench.folder / "rows.jsonl", prose())).records
    folder = bench.folder / "parquet"
    folder.mkdir()
    for _ in write_parts(folder, {"train": records}, lambda record, part: None):
        pass
    back = read(folder).records
    if [each.answer for each in back] != [each.answer for each in records]:
        raise StudioError("selftest.lost_rows", written=len(records), read=len(back))
    return CheckOutcome(tr("{rows:,} rows written and read back", rows=len(back)), {"rows": len(back)})


def _document(name: str, content: Callable[[], bytes], bench: Workbench) -> CheckOutcome:
    """A document's text is found in it."""
    from studio.dataset.documents.paragraphs import paragraphs

    file = bench.folder / name
    file.write_bytes(content())
    found = list(paragraphs(file))
    if SENTENCE not in [each.text for each in found]:
        raise StudioError("selftest.lost_text", file=name)
    return CheckOutcome(
        plural(len(found), "{count} paragraph", "{count} paragraphs"), {"paragraphs": len(found)}
    )


pdf = partial(_document, "page.pdf", pdf_page)
word = partial(_document, "page.docx", word_document)
html = partial(_document, "page.html", html_page)


def _write(path: Path, pairs: Iterable[tuple[str, str]]) -> Path:
    rows = (json.dumps({"instruction": prompt, "output": answer}) for prompt, answer in pairs)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def few_rows(path: Path) -> Path:
    """Write the rows that the self-test trains on."""
    return _write(path, ((f"What comes after {n}?", f"After {n} comes {n + 1}.") for n in range(32)))


def golden_rows(path: Path) -> Path:
    """Write the golden set that the self-test evaluates with."""
    rows = (
        json.dumps({"prompt": f"What comes after {n}?", "ideal": f"After {n} comes {n + 1}."})
        for n in range(40, 44)
    )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
