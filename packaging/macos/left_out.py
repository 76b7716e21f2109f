"""What the application goes without: packages that nothing in it runs, and files that nobody asks for."""

from __future__ import annotations

from fnmatch import fnmatchcase

PACKAGES = (
    # Other engines, and what asks for one.
    *("torch", "tensorflow", "jax", "flax", "accelerate", "peft", "wandb"),
    # What lm-eval measures with these is none of the measures that a task is asked for here; it loads
    # them only then.
    *("scipy", "sklearn", "joblib", "nltk", "evaluate", "rouge_score"),
    *("pytablewriter", "dominate", "chardet", "dataproperty", "mbstrdecoder", "typepy", "tabledata"),
    *("pathvalidate", "tcolorpy", "msgfy", "sqlitedict", "absl"),
    *("tkinter", "IPython", "matplotlib", "PIL", "cv2", "sqlalchemy", "numba"),
    *("pytest", "_pytest", "hypothesis", "mypy", "pip", "setuptools", "wheel"),
    *("OpenGL", "pyqtgraph.opengl", "pyqtgraph.examples", "pyarrow.tests", "pyarrow.flight", "pyarrow.orc"),
)
"""Found by following imports, and never run here."""

_FILES = (
    # Qt's parts that PySide6 brings.
    *("*/qml/*", "*/sqldrivers/*", "*/designer/*", "*/virtualkeyboard/*", "*virtualkeyboardplugin*"),
    *("*qpdf*", "*Qt*Pdf*", "*Qt*Quick*", "*Qt*Qml*", "*/egldeviceintegrations/*", "*Qt*Egl*", "*libqgtk3*"),
    *("*/platforms/libqeglfs*", "*/platforms/libqlinuxfb*", "*/platforms/libqv*", "*/platforms/libqminimal*"),
    *("*/plugins/generic/*", "*/networkinformation/*", "*/Qt/translations/*"),
    # Of Arrow its headers, tests, remote calls and stores, and names of libraries that only a linker uses.
    *("pyarrow/include/*", "pyarrow/includes/*", "pyarrow/src/*", "pyarrow/tests/*", "pyarrow/*.p[xy][xdi]"),
    *("pyarrow/*flight*", "*libarrow_flight*", "*libarrow_python_flight*", "pyarrow/*_orc*"),
    *("*libarrow_s3*", "pyarrow/_*fs.*", "pyarrow/libarrow_python*.so", "pyarrow/libarrow_python*.so.*.*"),
    "*libcudart*",
    # What transformers computes by torch: half of it. Its tokenizers and configurations stay.
    *("transformers/models/*/modeling_*", "transformers/models/*/convert_*"),
    # Notes about packages that are left out themselves, and about where ours came from.
    "*.dist-info/direct_url.json",  # a path of the machine that built it
    *("scipy-*.dist-info/*", "scikit_learn-*.dist-info/*", "nltk-*.dist-info/*", "torch-*.dist-info/*"),
)
_KEPT = (
    *("pyarrow/_fs.*", "transformers/models/auto/*"),  # the latter list models, and import none
    "*/Qt/translations/qtbase_zh_CN.qm",
)


def is_used(where: str) -> bool:
    """Whether a file is taken, by its place in the application with slashes; a module by that of its file."""
    if any(fnmatchcase(where, pattern) for pattern in _KEPT):
        return True
    return not any(fnmatchcase(where, pattern) for pattern in _FILES)
