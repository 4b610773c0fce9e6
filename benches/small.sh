#!/usr/bin/env bash
# A day of many small institutions: day 0, day 1, and the same day again, each run of all of them. Prints seconds, the
# processor time of Weir, and for the last day what one run consists of: statements by how often they are sent.
# Needs psql and /usr/bin/time.   usage: benches/small.sh [INSTITUTIONS] [ADS]
set -euo pipefail
HERE=$(cd "$(dirname "$0")/.." && pwd)
INSTITUTIONS=${1:-2000} ADS=${2:-5}
if [ -z "${WEIR:-}" ]; then
  (cd "$HERE" && cargo build --release --quiet --package weir --package weir-generate)
  WEIR=$HERE/target/release/weir GENERATE=$HERE/target/release/weir-generate
fi
DIR=$(mktemp -d); chmod 755 "$DIR"; cd "$DIR"
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
"$GENERATE" --out . --project --institutions "$INSTITUTIONS" --ads "$ADS" --days 2
"$WEIR" db start >/dev/null
URL=$("$WEIR" db url 2>/dev/null)
run() { # day, date, words
  DAY=$1 /usr/bin/time -f '%e %U %S %M' -o took "$WEIR" run --at "$2" >said 2>&1 || [ $? -eq 1 ] || { tail said >&2; exit 1; }
  awk -v what="$3" -v n="$INSTITUTIONS" '{ printf "%-14s %6.1f s, %5.1f ms an institution; Weir %.1f s of processor, peak %.0f MB\n", what, $1, 1000 * $1 / n, $2 + $3, $4 / 1024 }' took
}
run 0 2026-09-01 "day 0"
run 1 2026-09-02 "day 1"
run 1 2026-09-03 "unchanged day"
psql -q "$URL" -c "ALTER DATABASE weir SET log_min_duration_statement = 0"
: >.weir/postgres/server.log
DAY=1 "$WEIR" run inst-000 --at 2026-09-04 >/dev/null 2>&1 || true
grep -c 'execute\|statement:' .weir/postgres/server.log | sed 's/$/ statements of one unchanged run/'
grep -oE 'duration: [0-9.]+ ms  (execute|statement|bind|parse)' .weir/postgres/server.log | awk '{ ms[$4] += $2; n[$4]++ } END { for (kind in ms) printf "  %-10s %5d, %7.1f ms\n", kind, n[kind], ms[kind] }'
