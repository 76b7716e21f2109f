#!/bin/sh
# Proves a frozen application: that it is no larger than it may be, and that it does what it is for.
#
#     prove.sh PROGRAM
#
# It is run as Finder starts it, without a terminal's environment, in a home of its own.
set -eu
program=$1
limit=650 # MB of all files, on either system
case $program in
*.app/Contents/MacOS/*) whole=${program%/Contents/MacOS/*} ;;
*) whole=$(dirname "$program") ;;
esac
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd /

size=$(find "$whole" -type f -exec ls -ln {} + | awk '{ bytes += $5 } END { print int(bytes / 1000000) }')
echo "$size MB of at most $limit MB"
if [ "$size" -gt "$limit" ]; then
    du -k "$whole" | sort -rn | head -n 30 >&2
    exit 1
fi

started() {
    env -i HOME="$home" QT_QPA_PLATFORM=offscreen "$program" "$@"
}

started selftest
started --rehearse "$home"

# What runs ask for by name alone: tasks of the harness, one that weighs answers and one that asks for them.
rows="$home/rows"
mkdir -p "$rows/arc_easy" "$rows/gsm8k"
for split in train validation test; do
    for number in 1 2 3 4; do
        printf '{"id": "%s", "question": "What is the capital of Denmark?", "answerKey": "A", "choices": ' "$number"
        printf '{"text": ["Copenhagen", "Oslo", "Paris", "Rome"], "label": ["A", "B", "C", "D"]}}\n'
    done >"$rows/arc_easy/$split.jsonl"
    for number in 1 2 3 4; do
        printf '{"question": "What is %s plus 1?", "answer": "It is more.\\n#### %s"}\n' "$number" "$((number + 1))"
    done >"$rows/gsm8k/$split.jsonl"
done
run=$(find "$home/home/runs" -mindepth 1 -maxdepth 1 -type d | head -n 1)
started --home "$home/home" evaluate "$run" --suite quick --tasks arc_easy,gsm8k --limit 3 --shots 1 \
    --benchmark-rows "$rows"

# What the application does not have is said before anything is trained.
sample=$(find -L "$whole" -path '*/starter/instructions.jsonl' | head -n 1)
if started --home "$home/home" train "$sample" --set watch.wandb=any --set loop.steps=1 >"$home/refused" 2>&1 ||
    ! grep -q "not in the application" "$home/refused"; then
    cat "$home/refused" >&2
    echo "A run that asks for Weights & Biases was not refused as it should be." >&2
    exit 1
fi
