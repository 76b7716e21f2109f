#!/bin/sh
# Opens the application as Finder does, takes a picture of the screen, and quits it as the Dock does.
#
#   sh packaging/macos/open_once.sh "dist/Tuning Studio.app" picture.png
#
# Fails when it does not start, ends by itself, or does not quit. SECONDS_OPEN: how long it is looked at.
set -eu
app=$(cd "$1" && pwd) # `defaults` and `pgrep` want the whole path
picture=$2
seconds=${SECONDS_OPEN:-20}
program="$app/Contents/MacOS/Tuning Studio"

running() { pgrep -f "$program" >/dev/null; }

wait_until() { # how many seconds, then a command
    left=$1
    shift
    until "$@"; do
        [ "$left" -gt 0 ] || return 1
        left=$((left - 1))
        sleep 1
    done
}

ended() { ! running; }

open -n "$app"
wait_until 60 running || {
    echo "$app was opened, and no process of it came." >&2
    exit 1
}
sleep "$seconds"
running || {
    echo "$app ended by itself within $seconds seconds." >&2
    exit 1
}
# The system may not let a script look at the screen; that says nothing about the application.
screencapture -x "$picture" || echo "No picture could be taken of the screen." >&2
osascript -e "tell application id \"$(defaults read "$app/Contents/Info" CFBundleIdentifier)\" to quit"
wait_until 60 ended || {
    echo "$app was asked to quit, and runs on after 60 seconds." >&2
    exit 1
}
