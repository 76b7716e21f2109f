"""The programs of packaging/macos import each other by their plain names, as when one runs them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "packaging" / "macos"))
