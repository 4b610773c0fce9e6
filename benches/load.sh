#!/usr/bin/env bash
# Weir against the floor: 50,000 generated ads loaded on day 0, and again on day 1 with 2 % changed,
# 1 % gone and 1 % new, by Weir (mapping, schema, 8 rules, full history) and by hand-written
# set-based SQL (floor.sql), in turn, against one server with the same settings and fsync on; and by
# two peers where they are installed: faucet (`faucet` on PATH, or FAUCET=program) as a bare upsert,
# dlt (DLT_PYTHON=a python that has dlt[postgres]) with a history. Prints seconds and ratios; then
# Weir's peak memory for 10,000 and 100,000 ads. Needs psql, python3 and /usr/bin/time.
#   usage: [FAUCET=...] [DLT_PYTHON=...] benches/load.sh [ADS] [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
ADS=${1:-50000} ROUNDS=${2:-3}
cargo build --release --quiet --package weir --package weir-generate
WEIR=$PWD/target/release/weir GENERATE=$PWD/target/release/weir-generate FLOOR=$PWD/benches/floor.sql
PEERS=$PWD/benches/peers FAUCET=${FAUCET:-$(command -v faucet || true)} DLT_PYTHON=${DLT_PYTHON:-}
[ -n "$FAUCET" ] || echo "faucet is not installed: left out"
[ -n "$DLT_PYTHON" ] || echo "DLT_PYTHON is not set: dlt is left out"
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
faucet() { # database url, ads, day: seconds
  coproc FEED_SERVER { exec python3 "$PEERS/feed_server.py" "$2-$3.ndjson"; }
  local server=$FEED_SERVER_PID port; read -r port <&"${FEED_SERVER[0]}"
  sed -e "s#PORT#$port#" -e "s#DATABASE#$1#" "$PEERS/faucet.yaml" >faucet.yaml
  /usr/bin/time -f %e -o took "$FAUCET" run faucet.yaml >said 2>&1 || { cat said >&2; kill "$server"; exit 1; }
  kill "$server"; wait "$server" 2>/dev/null || true
  cat took
}
dlt() { # database url, ads, day: seconds
  /usr/bin/time -f %e -o took "$DLT_PYTHON" "$PEERS/dlt_load.py" "$1" "$2-$3.ndjson" "$DIR/dlt" >said 2>&1 || { cat said >&2; exit 1; }
  cat took
}
peer() { # name, database url, what to make first: a line of its seconds beside Weir's
  psql -q "$2" -c CHECKPOINT -c "$3" >/dev/null
  local p0 p1; p0=$("$1" "$2" "$ADS" 0); p1=$("$1" "$2" "$ADS" 1)
  awk -v name="$1" -v w0="$w0" -v w1="$w1" -v p0="$p0" -v p1="$p1" 'BEGIN {
    printf "         %s: day 0 %.2f s, ratio %.2f   day 1 %.2f s, ratio %.2f\n", name, p0, w0/p0, p1, w1/p1 }'
}
FAUCET_TABLE='CREATE TABLE faucet_jobs (id text PRIMARY KEY, title text, "descriptionHtml" text, "openDate" text, "closeDate" text,
  agency jsonb, "jobType" text, requisition text, url text, salary jsonb, recruiter jsonb, locations jsonb, grade text)'
for round in $(seq "$ROUNDS"); do
  url=$(fresh weir_bench); psql -q "$ADMIN" -c CHECKPOINT
  read -r w0 m0 <<<"$(load "$url" "$ADS" 0)"; read -r w1 m1 <<<"$(load "$url" "$ADS" 1)"
  url=$(fresh floor_bench); psql -q "$ADMIN" -c CHECKPOINT
  f0=$(floor "$url" "$ADS" 0); f1=$(floor "$url" "$ADS" 1)
  awk -v r="$round" -v w0="$w0" -v w1="$w1" -v f0="$f0" -v f1="$f1" -v m="$m0" 'BEGIN {
    printf "round %d  day 0: weir %.2f s, floor %.2f s, ratio %.2f   day 1: weir %.2f s, floor %.2f s, ratio %.2f   peak %.0f MB\n", r, w0, f0, w0/f0, w1, f1, w1/f1, m/1024 }'
  [ -z "$FAUCET" ] || peer faucet "$(fresh faucet_bench)" "$FAUCET_TABLE"
  [ -z "$DLT_PYTHON" ] || { rm -rf dlt; peer dlt "$(fresh dlt_bench)" "SELECT 1"; }
done
for n in 10000 100000; do
  url=$(fresh weir_bench)
  read -r t0 m0 <<<"$(load "$url" "$n" 0)"; read -r t1 m1 <<<"$(load "$url" "$n" 1)"
  awk -v n="$n" -v t0="$t0" -v t1="$t1" -v m0="$m0" -v m1="$m1" 'BEGIN { printf "%d ads: day 0 %.2f s, peak %.0f MB; day 1 %.2f s, peak %.0f MB\n", n, t0, m0/1024, t1, m1/1024 }'
done
