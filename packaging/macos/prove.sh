#!/bin/sh
# Runs the frozen application as Finder starts it, without a terminal's environment: selftest and main job.
set -eu
program=$1
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd /
env -i HOME="$home" QT_QPA_PLATFORM=offscreen "$program" selftest
env -i HOME="$home" QT_QPA_PLATFORM=offscreen "$program" --rehearse "$home"
