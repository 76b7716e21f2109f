#!/bin/sh
# Freezes the application with PyInstaller into build/bundle/dist: on a Mac "Tuning Studio.app", on Linux the
# same without the .app around it. Its packages are in an environment of its own.
set -eu
cd "$(dirname "$0")/../.."
made=build/bundle
python=$made/venv/bin/python
[ -x "$python" ] || .venv/bin/python -m venv "$made/venv"
# Of MLX's wheels those for the oldest system: others hold kernels that macOS 14 does not load.
[ "$(uname -s)" != Darwin ] || export MACOSX_DEPLOYMENT_TARGET=14.0
if [ "$(uname -s)" = Darwin ]; then
    .venv/bin/uv pip install -q --python "$python" --python-platform aarch64-apple-darwin \
        -c packaging/constraints.txt '.[bundle,benchmarks]' tensorboardx
else
    .venv/bin/uv pip install -q --python "$python" -c packaging/constraints.txt '.[bundle,benchmarks]' tensorboardx
fi
QT_QPA_PLATFORM=offscreen "$python" packaging/macos/icon.py "$made/icon"
"$python" packaging/macos/notices.py "$made/notices"
"$python" -m PyInstaller --noconfirm --log-level WARN --distpath "$made/dist" --workpath "$made/work" \
    packaging/macos/studio.spec
