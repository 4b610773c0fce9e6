#!/usr/bin/env bash
# Weir against the floor: 50,000 generated ads loaded on day 0, and again on day 1 with 2 % changed,
# 1 % gone and 1 % new, by Weir (mapping, schema, 8 rules, full history) and by hand-written
# set-based SQL (floor.sql), in turn, against one server with the same settings and fsync on. Prints
# seconds and ratios; then Weir's peak memory for 10,000 and 100,000 ads. Needs psql and
# /usr/bin/time.   usage: benches/load.sh [ADS] [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
ADS=${1:-50000} ROUNDS=${2:-3}
cargo build --release --quiet --package weir --package weir-generate
WEIR=$PWD/target/release/weir GENERATE=$PWD/target/release/weir-generate FLOOR=$PWD/benches/floor.sql
DIR=$(mktemp -d); chmod 755 "$DIR"
cp -r benches/project/. "$DIR"; cd "$DIR"
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
for n in "$ADS" 10000 100000; do
  [ -f "$n-0.ndjson" ] && continue
  "$GENERATE" --out world --ads "$n" --across 0
  for day in 0 1; do mv "world/inst-000/board-0-$day.ndjson" "$n-$day.ndjson"; done
done
"$WEIR" db start >/dev/null
ADMIN=$("$WEIR" db url 2>/dev/null | sed 's#/weir?#/postgres?#')
fresh() { psql -q "$ADMIN" -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1" 2>/dev/null; echo "${ADMIN/\/postgres\?/\/$1\?}"; }
load() { # database url, ads, day: seconds and peak kilobytes
  FEED="$2-$3.ndjson" DATABASE_URL="$1" /usr/bin/time -f '%e %M' -o took "$WEIR" run --at "2026-09-0$((1 + $3))" >said 2>&1 || { cat said >&2; exit 1; }
  cat took
}
floor() { # database url, ads, day: seconds
  /usr/bin/time -f %e -o took psql -q "$1" -v day="$3" -f "$FLOOR" <"$2-$3.ndjson" >/dev/null
  cat took
}
for round in $(seq "$ROUNDS"); do
  url=$(fresh weir_bench); psql -q "$ADMIN" -c CHECKPOINT
  read -r w0 m0 <<<"$(load "$url" "$ADS" 0)"; read -r w1 m1 <<<"$(load "$url" "$ADS" 1)"
  url=$(fresh floor_bench); psql -q "$ADMIN" -c CHECKPOINT
  f0=$(floor "$url" "$ADS" 0); f1=$(floor "$url" "$ADS" 1)
  awk -v r="$round" -v w0="$w0" -v w1="$w1" -v f0="$f0" -v f1="$f1" -v m="$m0" 'BEGIN {
    printf "round %d  day 0: weir %.2f s, floor %.2f s, ratio %.2f   day 1: weir %.2f s, floor %.2f s, ratio %.2f   peak %.0f MB\n", r, w0, f0, w0/f0, w1, f1, w1/f1, m/1024 }'
done
for n in 10000 100000; do
  url=$(fresh weir_bench)
  read -r t0 m0 <<<"$(load "$url" "$n" 0)"; read -r t1 m1 <<<"$(load "$url" "$n" 1)"
  awk -v n="$n" -v t0="$t0" -v t1="$t1" -v m0="$m0" -v m1="$m1" 'BEGIN { printf "%d ads: day 0 %.2f s, peak %.0f MB; day 1 %.2f s, peak %.0f MB\n", n, t0, m0/1024, t1, m1/1024 }'
done
