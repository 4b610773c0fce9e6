#!/usr/bin/env bash
# What the plan of jobs costs: 50,000 synthetic ads, on day 0 (all are new) and on day 1 (2 % changed, 1 % gone, 1 % new): the dry run with its records, and
# the real run of the same data, one after the other on one server with fsync on. Prints seconds and ratios. After each dry run every table is compared with what
# it was before; the script fails if one differs.
# usage: benches/plan.sh [ADS] [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
ADS=${1:-50000} ROUNDS=${2:-3}
cargo build --release --quiet --package weir --package weir-generate
WEIR=$PWD/target/release/weir GENERATE=$PWD/target/release/weir-generate DIR=$(mktemp -d); chmod 755 "$DIR"
cp -r benches/project/. "$DIR"; cd "$DIR"
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
"$GENERATE" --out world --ads "$ADS" --across 0
for day in 0 1; do mv "world/inst-000/board-0-$day.ndjson" "$ADS-$day.ndjson"; done
"$WEIR" db start >/dev/null
ADMIN=$("$WEIR" db url 2>/dev/null | sed 's#/weir?#/postgres?#')
tables() { # every table of a database: rows, and a sum of their hashes
  psql -qAt "$1" -c "SELECT format('SELECT %L, count(*), sum(hashtextextended(t::text, 0)) FROM %I t;', relname, relname) FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace ORDER BY relname" | psql -qAt "$1"
}
timed() { # database url, day, further words: seconds
  local begin; begin=$(date +%s.%N)
  FEED="$ADS-$2.ndjson" DATABASE_URL="$1" "$WEIR" run --at "2026-09-0$((1 + $2))" "${@:3}" >said 2>&1 || { cat said >&2; exit 1; }
  awk -v b="$begin" -v e="$(date +%s.%N)" 'BEGIN { printf "%.2f", e - b }'
}
for round in $(seq "$ROUNDS"); do
  psql -q "$ADMIN" -c "DROP DATABASE IF EXISTS plan_bench" -c "CREATE DATABASE plan_bench" 2>/dev/null
  url=${ADMIN/\/postgres\?/\/plan_bench\?}
  for day in 0 1; do
    psql -q "$ADMIN" -c CHECKPOINT
    [ "$day" = 0 ] || tables "$url" >before
    dry=$(timed "$url" "$day" --dry-run)
    if [ "$day" = 1 ]; then tables "$url" >after; diff before after || { echo "the dry run wrote something" >&2; exit 1; }; fi
    real=$(timed "$url" "$day")
    awk -v r="$round" -v d="$day" -v dry="$dry" -v real="$real" 'BEGIN { printf "round %d  day %d: dry run %.2f s, run %.2f s, ratio %.2f\n", r, d, dry, real, dry/real }'
  done
done
