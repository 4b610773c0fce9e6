#!/usr/bin/env bash
# Weir against the floor: 50,000 synthetic ads loaded on day 0, and again on day 1 with 2 % changed, 1 % gone and
# 1 % new, by Weir (mapping, schema, 8 rules, full history) and by hand-written set-based SQL, in turn, against one
# server with the same settings and fsync on. Prints seconds and ratios; then Weir's peak memory for 10,000 and
# 100,000 ads. Needs the load generator and the hand-written SQL: BENCH=folder (gen.py, limit_sql.py), python3 with
# psycopg2, and /usr/bin/time.   usage: benches/load.sh [ADS] [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
ADS=${1:-50000} ROUNDS=${2:-3} BENCH=${BENCH:-../shared/bench}
[ -f "$BENCH/gen.py" ] || { echo "no load generator in $BENCH: set BENCH" >&2; exit 2; }
cargo build --release --quiet
WEIR=$PWD/target/release/weir DIR=$(mktemp -d); chmod 755 "$DIR"
cp -r benches/project/. "$DIR"; cd "$DIR"
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
BENCH=$(cd "$OLDPWD" && cd "$BENCH" && pwd)
for n in "$ADS" 10000 100000; do
  [ -f "$n-0.ndjson" ] || python3 "$BENCH/gen.py" "$n" > "$n-0.ndjson"
  [ -f "$n-1.ndjson" ] || python3 "$BENCH/gen.py" "$n" --day 1 > "$n-1.ndjson"
done
"$WEIR" db start >/dev/null
ADMIN=$("$WEIR" db url 2>/dev/null | sed 's#/weir?#/postgres?#')
fresh() { psql -q "$ADMIN" -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1" 2>/dev/null; echo "${ADMIN/\/postgres\?/\/$1\?}"; }
load() { # database url, ads, day: seconds and peak kilobytes
  FEED="$2-$3.ndjson" DATABASE_URL="$1" /usr/bin/time -f '%e %M' -o took "$WEIR" run --at "2026-09-0$((1 + $3))" >said 2>&1 || { cat said >&2; exit 1; }
  cat took
}
for round in $(seq "$ROUNDS"); do
  url=$(fresh weir_bench); psql -q "$ADMIN" -c CHECKPOINT
  read -r w0 m0 <<<"$(load "$url" "$ADS" 0)"; read -r w1 m1 <<<"$(load "$url" "$ADS" 1)"
  url=$(fresh floor_bench); psql -q "$ADMIN" -c CHECKPOINT
  floor=$(python3 "$BENCH/limit_sql.py" "$url" "$ADS-0.ndjson" "$ADS-1.ndjson")
  f0=$(sed -n 's/.*total \([0-9.]*\)s, jobs.*/\1/p' <<<"$floor") f1=$(sed -n 's/^day1 total \([0-9.]*\)s.*/\1/p' <<<"$floor")
  awk -v r="$round" -v w0="$w0" -v w1="$w1" -v f0="$f0" -v f1="$f1" -v m="$m0" 'BEGIN {
    printf "round %d  day 0: weir %.2f s, floor %.2f s, ratio %.2f   day 1: weir %.2f s, floor %.2f s, ratio %.2f   peak %.0f MB\n", r, w0, f0, w0/f0, w1, f1, w1/f1, m/1024 }'
done
for n in 10000 100000; do
  url=$(fresh weir_bench)
  read -r t0 m0 <<<"$(load "$url" "$n" 0)"; read -r t1 m1 <<<"$(load "$url" "$n" 1)"
  awk -v n="$n" -v t0="$t0" -v t1="$t1" -v m0="$m0" -v m1="$m1" 'BEGIN { printf "%d ads: day 0 %.2f s, peak %.0f MB; day 1 %.2f s, peak %.0f MB\n", n, t0, m0/1024, t1, m1/1024 }'
done
