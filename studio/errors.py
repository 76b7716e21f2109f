"""The one kind of exception whose text is meant for the person at the screen."""

from __future__ import annotations

from studio.catalogue import CLAUSES, Phrase, Unusable, Value, phrase


class StudioError(Exception):
    """Something the person can act on: the message says what is wrong, where, and what to do."""

    bad_request = False
    """Whether what was asked for is at fault, rather than what happened while doing it."""

    def __init__(self, said: str | Phrase, /, **values: object) -> None:
        """`said` is a code of the catalogue, with its values, or what is to be said as it stands.

        Raises KeyError for a code with values that the catalogue does not have.
        """
        if isinstance(said, str) and (values or said in CLAUSES):
            said = phrase(said, **{name: _kept(value) for name, value in values.items()})
        self.said = said
        super().__init__(said)

    @property
    def phrase(self) -> Phrase | None:
        """What is said, as a code and its values; None for what is said as it stands."""
        return self.said if isinstance(self.said, Phrase) else None

    @property
    def code(self) -> str:
        """What went wrong, for programs: a code of the catalogue, or nothing where it has none yet."""
        return self.said.code if isinstance(self.said, Phrase) else ""


class DataError(StudioError):
    """A dataset that cannot be read or holds nothing to train on."""

    bad_request = True


class ModelError(StudioError):
    """A model folder that is missing, incomplete, or of a kind we cannot load."""

    bad_request = True


class RecipeError(StudioError):
    """A recipe that cannot be carried out as asked."""

    bad_request = True


class DiskError(StudioError):
    """A file or folder that the disk would not take."""


class DiskLow(DiskError):
    """A disk is nearly full: a run has paused, and goes on once there is room and the person says so."""


class TargetError(DataError):
    """A place that may not be written to: a source is there, or something that is not ours."""


class RunError(StudioError):
    """A run folder that is damaged, cannot be written, or is in use by another process."""


class RunMissing(RunError):
    """A run that does not exist."""

    bad_request = True


class PeerLost(RunError):
    """Another process of the run has ended, or cannot be reached any more."""


def _kept(value: object) -> Value:
    """A value as a phrase keeps it: of another failure what it said, with its code where it has one."""
    match value:
        case str() | int() | float() | Phrase():
            return value
        case Unusable():
            return value.phrase
        case StudioError():
            return value.said
        case _:
            return str(value)
