#!/bin/sh
# The libraries of the system that a bare Debian or Ubuntu lacks: Qt's own, a fast BLAS and fonts.
#
# Installs what is missing, and the packages named as arguments, when root; says what to install, and goes
# on, when not. The libraries are looked up by file name because package names differ (libglib2.0-0 is
# libglib2.0-0t64 on Ubuntu 24.04).
set -eu

# What Qt needs to start at all; then what its window needs besides, on X11 and on Wayland.
# Inter is the typeface the app is drawn in; libfontconfig1 brings DejaVu.
libraries="
libEGL.so.1 libegl1
libGL.so.1 libgl1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0

libxkbcommon-x11.so.0 libxkbcommon-x11-0
libX11-xcb.so.1 libx11-xcb1
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-shm.so.0 libxcb-shm0
libxcb-sync.so.1 libxcb-sync1
libxcb-util.so.1 libxcb-util1
libxcb-xfixes.so.0 libxcb-xfixes0
libxcb-xkb.so.1 libxcb-xkb1

libwayland-cursor.so.0 libwayland-cursor0
libwayland-egl.so.1 libwayland-egl1
"
present=$(/sbin/ldconfig -p)
missing=$(echo "$libraries" | while read -r library package; do
    case $present in *"$library "*) ;; *) echo "$package" ;; esac
done)
# studio/process.py looks in the same place.
ls /usr/lib/*-linux-gnu/openblas-pthread/libopenblas.so.0 >/dev/null 2>&1 ||
    missing="$missing libopenblas0-pthread"
[ -d /usr/share/fonts/opentype/inter ] || missing="$missing fonts-inter"
for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done

# shellcheck disable=SC2086,SC2116  # one package a line, or none, to words on one line
missing=$(echo $missing)
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing from the system's packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if apt-get update -qq && apt-get install -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "Tuning Studio wants these packages, which are missing here: $missing" >&2
