#!/bin/sh
# Makes .venv ready to run and test Tuning Studio; does nothing, quickly, when it already is.
#
# Exit 2 with one sentence when this machine cannot run it at all. Safe to interrupt and run again.
# PYTHON names another interpreter than `python3`.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
pins=packaging/constraints.txt
stamp=.venv/setup-stamp

found=$("$python" -c 'import os, sys; print("%d.%d.%d" % sys.version_info[:3], os.uname()[4])' 2>/dev/null) ||
    found="missing"
version=${found% *}
case $version in
3.12.* | 3.13.*) ;;
*)
    echo "Tuning Studio needs Python 3.12 or 3.13, but $python here is $version:" \
        "install one, or name it, as in 'make run PYTHON=python3.12'." >&2
    exit 2
    ;;
esac
if [ "$(uname -s) ${found#* }" = "Darwin x86_64" ]; then
    echo "Tuning Studio needs Apple silicon and a Python built for it: MLX does not run on Intel." >&2
    exit 2
fi

[ "$(uname -s)" != Linux ] || sh packaging/debian.sh

# Everything that decides what is in .venv, and where: a moved folder has dead paths in its scripts.
wanted=$({ cat pyproject.toml "$pins"; echo "$version $PWD"; } | cksum)
done=$(cat "$stamp" 2>/dev/null || echo none)
[ "$done" != "$wanted" ] || exit 0

echo "Setting up Tuning Studio in .venv (about a minute) ..."
# A set-up that was cut off may have left half a package that looks whole, so that one starts over.
# One that only lacks something new is topped up.
has=$(.venv/bin/python -c 'import pip, sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null || true)
if [ "$done" = unfinished ] || [ "$has" != "$version" ]; then
    if ! "$python" -m venv --clear .venv; then
        echo "Python $version cannot make a virtual environment: on Debian or Ubuntu, install python3-venv." >&2
        exit 2
    fi
fi
echo unfinished >"$stamp"

# uv installs the gigabyte in 5 to 10 seconds where pip takes 50. It does not read pip's own settings,
# so a machine whose pip has an index of its own, and any failure, falls back to pip.
pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip"
if $pip config list | grep -Eq '[.]index-url=|no-index=' ||
    ! $pip install -qq -c "$pins" uv ||
    ! .venv/bin/uv pip install -q --compile-bytecode --system-certs --python .venv/bin/python -c "$pins" \
        -e '.[dev]'; then
    echo "Installing with pip ..."
    $pip install -q -c "$pins" -e '.[dev]'
fi
echo "$wanted" >"$stamp"
