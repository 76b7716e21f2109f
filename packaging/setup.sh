#!/bin/sh
# Makes .venv ready to run and test Tuning Studio; does nothing, quickly, when it already is.
#
# Exit 2 with one sentence when this machine cannot run it at all. Safe to interrupt and run again.
# Takes `python3` where it is 3.12 or 3.13, else the first of python3.13, python3.12 and python3.14 that is
# there: a Mac's own `python3` is 3.9, and Homebrew's may be newer than anything here was tried with.
# PYTHON names another. Runs in the sh of macOS (bash 3.2) as in dash.
set -eu
cd "$(dirname "$0")/.."
pins=packaging/constraints.txt
stamp=.venv/setup-stamp
system=$(uname -s)

refuse() {
    echo "$1" >&2
    exit 2
}

# Whether an interpreter is of these versions and, on a Mac, built for its processor; found says what it is.
fits() {
    found=$("$1" -c 'import os, sys; print("%d.%d.%d" % sys.version_info[:3], os.uname()[4])' 2>/dev/null) ||
        found="missing"
    python=$1
    version=${found% *}
    # shellcheck disable=SC2254  # it is a pattern
    case $version in $2) [ "$system ${found#* }" != "Darwin x86_64" ] ;; *) false ;; esac
}

# Every pinned dependency that has wheels for 3.12 has one for 3.14, on Linux (x86-64, arm64) and macOS 14,
# as `uv pip compile --no-deps --only-binary :all: --python-version 3.14` says of constraints.txt; rouge-score,
# sqlitedict and word2number, of the benchmarks, are pure Python and come as sources for every version.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" '3.1[234].*'
    else
        fits python3 '3.1[23].*' || fits python3.13 '3.13.*' || fits python3.12 '3.12.*' ||
            fits python3.14 '3.14.*' || fits python3 '3.14.*'
    fi
}

# Without them /usr/bin/python3 only opens a window that offers them, so they are asked for first.
if [ "$system" = Darwin ] && ! xcode-select -p >/dev/null 2>&1; then
    refuse "Tuning Studio is set up with Apple's command line tools: run 'xcode-select --install', then this again."
fi
if ! find_python; then
    [ "$system ${found#* }" != "Darwin x86_64" ] ||
        refuse "Tuning Studio needs Apple silicon and a Python built for it: MLX does not run on Intel."
    refuse "Tuning Studio needs Python 3.12, 3.13 or 3.14, but $python here is $version: \
install one, or name it, as in 'make run PYTHON=python3.13'."
fi

[ "$system" != Linux ] || sh packaging/debian.sh

# Everything that decides what is in .venv, and where: a moved folder has dead paths in its scripts.
wanted=$({ cat pyproject.toml "$pins"; echo "$version $PWD"; } | cksum)
done=$(cat "$stamp" 2>/dev/null || echo none)
[ "$done" != "$wanted" ] || exit 0

if [ "$system" = Darwin ]; then
    macos=$(sw_vers -productVersion)
    case $macos in
    1[0-3].*) refuse "Tuning Studio needs macOS 14 or later, and this is macOS $macos: MLX has nothing for it." ;;
    26.0 | 26.0.* | 26.1 | 26.1.*)
        # pip takes MLX's wheel for macOS 26 here, whose libraries and kernels are built for 26.2.
        echo "This is macOS $macos, and MLX for macOS 26 is built for 26.2: update macOS before you train." >&2
        ;;
    esac
fi

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
