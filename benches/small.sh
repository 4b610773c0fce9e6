#!/usr/bin/env bash
# A day of many small institutions: day 0, day 1, and the same day again, each run of all of them. Prints seconds, the
# processor time of Weir, WAL and growth of the database, for the last day the tables that grew, and what one run consists
# of: statements by how often they are sent.
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
ask() { psql -Atq "$URL" -c "$1"; }
WRITTEN="SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint || ' ' || pg_database_size(current_database())"
ROWS="SELECT relname, n_tup_ins, n_tup_upd FROM pg_stat_user_tables ORDER BY 1"
run() { # day, date, words
  read -r wal0 bytes0 <<<"$(ask "$WRITTEN")"
  DAY=$1 /usr/bin/time -f '%e %U %S %M' -o took "$WEIR" run --at "$2" >said 2>&1 || [ $? -eq 1 ] || { tail said >&2; exit 1; }
  awk -v what="$3" -v n="$INSTITUTIONS" '{ printf "%-14s %6.1f s, %5.1f ms an institution; Weir %.1f s of processor, peak %.0f MB\n", what, $1, 1000 * $1 / n, $2 + $3, $4 / 1024 }' took
  read -r wal1 bytes1 <<<"$(ask "$WRITTEN")"
  awk -v n="$INSTITUTIONS" -v wal="$((wal1 - wal0))" -v bytes="$((bytes1 - bytes0))" 'BEGIN {
    printf "%-14s %6.1f MB of WAL, %5.1f KB an institution; the database grows by %.1f MB, %.1f KB an institution\n", "", wal / 1e6, wal / 1e3 / n, bytes / 1e6, bytes / 1e3 / n }'
}
run 0 2026-09-01 "day 0"
run 1 2026-09-02 "day 1"
ask "SELECT pg_stat_force_next_flush()" >/dev/null; ask "$ROWS" >before
run 1 2026-09-03 "unchanged day"
ask "SELECT pg_stat_force_next_flush()" >/dev/null; ask "$ROWS" >after
echo "rows inserted and updated of an institution on the unchanged day:"
join -t '|' before after | awk -F '|' -v n="$INSTITUTIONS" '{ i = ($4 - $2) / n; u = ($5 - $3) / n; if (i >= 0.05 || u >= 0.05) printf "  %-24s %5.1f %5.1f\n", $1, i, u }'
psql -q "$URL" -c "ALTER DATABASE weir SET log_min_duration_statement = 0"
: >.weir/postgres/server.log
DAY=1 "$WEIR" run inst-000 --at 2026-09-04 >/dev/null 2>&1 || true
grep -c 'execute\|statement:' .weir/postgres/server.log | sed 's/$/ statements of one unchanged run/'
grep -oE 'duration: [0-9.]+ ms  (execute|statement|bind|parse)' .weir/postgres/server.log | awk '{ ms[$4] += $2; n[$4]++ } END { for (kind in ms) printf "  %-10s %5d, %7.1f ms\n", kind, n[kind], ms[kind] }'
