#!/usr/bin/env bash
# Counts the instructions of six fixed cases with callgrind and compares them with `counts.txt`: counts do not depend on
# what else the machine does. `--update` writes the counts on purpose. Counts of another compiler are told, not judged.
set -euo pipefail
cd "$(dirname "$0")/../.."
counts=benches/gate/counts.txt
tolerance=5 # per cent
if ! command -v valgrind >/dev/null; then
    echo "gate: valgrind is not installed; instructions are not counted"
    exit 0
fi
# The versions of the engine's own lock file.
cp Cargo.lock benches/gate/Cargo.lock
cargo build --quiet --release --manifest-path benches/gate/Cargo.toml
binary=${CARGO_TARGET_DIR:-benches/gate/target}/release/clausal-gate
compiler=$(rustc --version)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

instructions() { # CASE TIMES
    valgrind --tool=callgrind --callgrind-out-file="$scratch/out" "$binary" "$1" "$2" >"$scratch/log" 2>&1 || {
        cat "$scratch/log" >&2
        exit 1
    }
    sed -n 's/^summary: //p; s/^totals: //p' "$scratch/out" | head -1
}

# What one more costs: the start of the process and the first load are in both.
measure() { # CASE TIMES
    local few many
    few=$(instructions "$1" 2)
    many=$(instructions "$1" $((2 + $2)))
    echo $(((many - few) / $2))
}

failed=0
{
    echo "# Instructions per case, by benches/gate/run.sh --update."
    echo "compiler $compiler"
} >"$scratch/new"
for case in purchase key-access cancellation needs-information json-line load; do
    times=2000 # the loads of both runs differ a little, by the seeds of hash tables
    [ "$case" = load ] && times=2
    now=$(measure "$case" "$times")
    echo "$case $now" >>"$scratch/new"
    was=$(sed -n "s/^$case //p" "$counts" 2>/dev/null || true)
    if [ -z "$was" ]; then
        echo "$case: $now instructions, not counted before"
        continue
    fi
    awk -v name="$case" -v now="$now" -v was="$was" -v most="$tolerance" 'BEGIN {
        change = (now - was) * 100 / was
        printf "%s: %d instructions, %+.1f %% against %d\n", name, now, change, was
        exit change > most
    }' || failed=1
done
if [ "${1:-}" = --update ]; then
    cp "$scratch/new" "$counts"
    echo "gate: $counts is written"
elif ! grep -qxF "compiler $compiler" "$counts"; then
    echo "gate: counted with $compiler, recorded with $(sed -n 's/^compiler //p' "$counts"): told, not judged"
elif [ "$failed" != 0 ]; then
    echo "gate: a case costs more than $tolerance % more instructions; if that is meant, run benches/gate/run.sh --update" >&2
    exit 1
fi
