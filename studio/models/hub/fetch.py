"""The download process of models: the files that are needed, into the Hugging Face cache, each proved whole.

A file arrives under the name that huggingface_hub gives it in its cache, with `.incomplete` after it; whole,
it is handed over to huggingface_hub, which makes of it what it always does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.events.models import ModelDownloaded, ModelFile
from studio.files import disk_errors, free_bytes
from studio.hub.arriving import RemoteFile, fetch_file
from studio.hub.child import Report, answer
from studio.hub.failure import HubError, Repository
from studio.models.hub.asked import AskedModel
from studio.models.hub.choice import needed, remote_files
from studio.words import file_size

_SPARE = 2**28  # bytes that are left free on the disk
_WAIT = 3.0  # seconds for another process that fetches the same file


def fetch_model(asked: AskedModel, token: str, report: Report) -> None:
    """Do the whole download, and say through `report` how far it is, and how it ended."""
    answer(report, asked.repository, lambda: _fetched(asked, token or None, report))


def _fetched(asked: AskedModel, token: str | None, report: Report) -> dict[str, Any]:
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    disable_progress_bars()
    api = HfApi(token=token)
    info = api.model_info(asked.name, revision=asked.revision or None, files_metadata=True)
    files = needed(info.id, remote_files(info.siblings), asked.file)
    if info.gated:
        api.auth_check(info.id)
    cached = CachedModel(Repository(info.id, revision=str(info.sha)), token)
    listed = [asdict(ModelFile(each.name, each.size)) for each in files]
    report({"name": info.id, "files": listed, "there": [cached.bytes_of(each) for each in files]})
    _check_space(cached, files)
    for file in files:
        cached.bring(file, report)
    cached.note_branch(asked.revision or "main", files[0])
    place = Path(cached.place(files[-1]))
    folder = place if place.suffix.lower() == ".gguf" else place.parent
    size = sum(each.size for each in files)
    return asdict(ModelDownloaded(info.id, str(info.sha), str(folder), len(files), size))


@dataclass(frozen=True)
class CachedModel:
    """One revision of a model in the Hugging Face cache; `of` names its commit."""

    of: Repository
    token: str | None

    def place(self, file: RemoteFile) -> str:
        """Where the cache has the file; nothing where it has not."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.of.name, file.name, revision=self.of.revision)
        return found if isinstance(found, str) else ""

    def bytes_of(self, file: RemoteFile) -> int:
        """How many bytes of it are there."""
        if self.place(file) or self._blob(file).is_file():
            return max(file.size, 0)
        part = self._part(file)
        return part.stat().st_size if part.is_file() else 0

    def bring(self, file: RemoteFile, report: Report) -> None:
        """Have the whole file in the cache. Raises HubError where it comes damaged twice."""
        if place := self.place(file):
            report({"checking": file.name})
            if file.is_whole(Path(place)):
                return report({"arrived": file.name})
            self._forget(file, Path(place))
        if file.digest and file.size <= _most():
            self._fetch(file, report)
        if not file.is_whole(Path(self._handed_over(file))):
            raise HubError("hub.corrupt", name=self.of.name, file=file.name)
        return report({"arrived": file.name})

    def note_branch(self, branch: str, file: RemoteFile) -> None:
        """Let others find this commit under the name of its branch, as long as that is at it."""
        from huggingface_hub import hf_hub_download

        if branch == self.of.revision:
            return
        name, token = self.of.name, self.token
        now = hf_hub_download(name, file.name, revision=branch, token=token, dry_run=True)
        if now.commit_hash == self.of.revision:
            hf_hub_download(name, file.name, revision=branch, token=token)

    def _fetch(self, file: RemoteFile, report: Report) -> None:
        """Bring it to where huggingface_hub looks before it fetches; damaged, once more from its start."""
        blob, part = self._blob(file), self._part(file)
        with self._alone(file):
            if blob.is_file() and file.is_whole(blob):
                return
            report({"file": file.name, "arriving": str(part), "bytes": file.size})
            if not (self._arrived(file, part, report) or self._arrived(file, part, report)):
                raise HubError("hub.corrupt", name=self.of.name, file=file.name)
            part.replace(blob)

    def _arrived(self, file: RemoteFile, part: Path, report: Report) -> bool:
        """Fetch what is missing; whether the whole is right. What is not is thrown away."""
        try:
            fetch_file(self.of, file, part, self.token)
            report({"checking": file.name})
            if file.is_whole(part):
                return True
        except OSError as error:
            if type(error) is not OSError:  # which is what another length than the Hub's own is
                raise
        part.unlink()
        return False

    def _handed_over(self, file: RemoteFile) -> str:
        from huggingface_hub import hf_hub_download

        return str(hf_hub_download(self.of.name, file.name, revision=self.of.revision, token=self.token))

    def _forget(self, file: RemoteFile, place: Path) -> None:
        """Take away what is damaged here; of what other models share, only the link."""
        for path in (place, self._blob(file)):
            with disk_errors(path):
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self, file: RemoteFile) -> Iterator[None]:
        """The lock that huggingface_hub itself takes for the file."""
        from filelock import Timeout
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

        lock = self._folder.parent / ".locks" / self._folder.name / f"{file.digest}.lock"
        for folder in (lock.parent, self._blob(file).parent):
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
        try:
            with WeakFileLock(lock, timeout=_WAIT):
                yield
        except Timeout as error:
            raise HubError("hub.fetched_elsewhere", name=self.of.name) from error

    def _blob(self, file: RemoteFile) -> Path:
        return self._folder / "blobs" / (file.digest or "none")

    def _part(self, file: RemoteFile) -> Path:
        blob = self._blob(file)
        return blob.with_name(f"{blob.name}.incomplete")

    @property
    def _folder(self) -> Path:
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=self.of.name, repo_type=self.of.kind)


def _check_space(cached: CachedModel, files: list[RemoteFile]) -> None:
    """Raises HubError where the disk has no room for what is missing."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    missing = sum(max(0, each.size) - cached.bytes_of(each) for each in files)
    free = free_bytes(cache)
    if missing and missing + _SPARE > free:
        needed_, left = file_size(missing + _SPARE), file_size(free)
        raise HubError("hub.no_space", name=cached.of.name, needed=needed_, free=left, folder=cache)


def _most() -> int:
    """The largest file in bytes that the Hub gives over HTTPS."""
    from huggingface_hub import constants

    return constants.MAX_HTTP_DOWNLOAD_SIZE
