"""Files on the disk: whole or not there, never over what is not ours, cleared after a crash, proven."""

from studio.files.leftovers import TEMPORARY, clear_beside, clear_scratch, heal, restore, scratch_folder, tidy
from studio.files.parsing import as_json, parsed
from studio.files.proof import PROOF, check_proof, write_proof
from studio.files.targets import CLUTTER, check_target, strangers
from studio.files.trash import NoTrash, discard
from studio.files.whole import disk_errors, whole_bytes, whole_file, whole_folder, write_text

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
    "heal",
    "parsed",
    "restore",
    "scratch_folder",
    "strangers",
    "tidy",
    "whole_bytes",
    "whole_file",
    "whole_folder",
    "write_proof",
    "write_text",
]
