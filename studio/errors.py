"""The one kind of exception whose text is meant for the person at the screen."""


class StudioError(Exception):
    """Something the person can act on: the message says what is wrong, where, and what to do."""

    bad_request = False
    """Whether what was asked for is at fault, rather than what happened while doing it."""


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


class TargetError(DataError):
    """A place that may not be written to: a source is there, or something that is not ours."""


class RunError(StudioError):
    """A run folder that is damaged, cannot be written, or is in use by another process."""


class RunMissing(RunError):
    """A run that does not exist."""

    bad_request = True


class PeerLost(RunError):
    """Another process of the run has ended, or cannot be reached any more."""
