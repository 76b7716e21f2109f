#!/bin/sh
# Remakes packaging/constraints.txt: the newest versions that suit every machine Tuning Studio runs on.
#
# Each platform is resolved under the pins of the ones before, so there is one set of versions, or an error.
set -eu
cd "$(dirname "$0")/.."
pins=$(mktemp)
trap 'rm -f "$pins" "$pins.new"' EXIT

# Without a deployment target uv takes macOS 13, for which there is only an old MLX.
export MACOSX_DEPLOYMENT_TARGET=14.0
# These have no wheels: plain Python, of lm-eval.
sources="--no-binary rouge-score --no-binary sqlitedict --no-binary word2number"
# 2_36 is Debian 12. PySide6 has no wheel for ARM before 2_39, so ARM Linux starts at Ubuntu 24.04.
for platform in aarch64-apple-darwin x86_64-manylinux_2_36 aarch64-manylinux_2_39; do
    for version in 3.12 3.13 3.14; do
        .venv/bin/uv pip compile pyproject.toml --extra dev --extra bundle --extra bench --extra benchmarks \
            --only-binary :all: $sources --system-certs --upgrade --python-platform "$platform" --python-version "$version" \
            --constraints "$pins" --no-header --no-annotate --no-emit-index-url -q >"$pins.new"
        sort -u "$pins" "$pins.new" -o "$pins"
    done
done

{
    echo "# Made by 'make constraints' from pyproject.toml; do not edit."
    echo "# One set of versions for macOS 14+ on Apple silicon and for Linux, Python 3.12 to 3.14."
    echo "# A line for the other platform (mlx-metal, mlx-cpu) binds nothing where it is not asked for."
    cat "$pins"
} >packaging/constraints.txt
