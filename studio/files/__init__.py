"""Files on the disk: whole or not there, never over what is not ours, cleared after a crash, proven."""

from studio.files.leftovers import (
    TEMPORARY,
    NoTrash,
    clear_beside,
    clear_scratch,
    discard,
    heal,
    restore,
    scratch_folder,
    tidy,
)
from studio.files.proof import PROOF, as_json, check_proof, parsed, read_object, write_proof
from studio.files.whole import (
    CLUTTER,
    check_target,
    disk_errors,
    free_place,
    share,
    strangers,
    whole_bytes,
    whole_file,
    whole_folder,
    write_text,
)

__all__ = [
    "CLUTTER",
    "PROOF",
    "TEMPORARY",
    "NoTrash",
    "as_json",
    "check_proof",
    "check_target",
    "clear_beside",
    "clear_scratch",
    "discard",
    "disk_errors",
    "free_place",
    "heal",
    "parsed",
    "read_object",
    "restore",
    "scratch_folder",
    "share",
    "strangers",
    "tidy",
    "whole_bytes",
    "whole_file",
    "whole_folder",
    "write_proof",
    "write_text",
]
