"""Tuning Studio: fine-tune language models on this Mac, and learn whether they really got better."""

import sys as _sys

__version__ = "0.1.0"

_modules = [word.removeprefix("-m").partition(".")[0] for word in _sys.orig_argv]
if _sys.argv[:1] == ["-m"] and "studio" in _modules and not _sys.flags.safe_path:
    # `python -m studio` looks for modules in the current folder first: anybody's csv.py may lie there.
    del _sys.path[0]
