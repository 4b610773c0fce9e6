#!/usr/bin/env bash
# What roles and capabilities cost: day 0 of generated ads without them and with them, in turn, each into a database of
# its own on one server with fsync on. Prints seconds, processor time of the process, the stage's microseconds an ad, and
# the ratio. Needs psql and /usr/bin/time.   usage: benches/classify.sh [ADS] [ROUNDS]
set -euo pipefail
HERE=$(cd "$(dirname "$0")/.." && pwd)
ADS=${1:-20000} ROUNDS=${2:-3}
if [ -z "${WEIR:-}" ]; then
  (cd "$HERE" && cargo build --release --quiet --package weir --package weir-generate)
  WEIR=$HERE/target/release/weir GENERATE=$HERE/target/release/weir-generate
fi
DIR=$(mktemp -d); chmod 755 "$DIR"
cp -r "$HERE/benches/project/." "$DIR"; cd "$DIR"
cp -r "$HERE/frameworks" .
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
"$GENERATE" --out world --ads "$ADS" --days 1 --across 0
export FEED=world/inst-000/board-0-0.ndjson
sed -i 's/^  - validate$/  - classify\n  - validate/' pipelines/daily.yaml
cp institutions/bench.yaml without
cat without - >with <<'YAML'
roles: { framework: private-sector-roles, standardise: { from: title } }
capabilities: { framework: nsw-core-capabilities, from: [description] }
YAML
"$WEIR" db start >/dev/null
ADMIN=$("$WEIR" db url 2>/dev/null | sed 's#/weir?#/postgres?#')
for round in $(seq "$ROUNDS"); do
  for how in without with; do
    psql -q "$ADMIN" -c "DROP DATABASE IF EXISTS classify_bench" -c "CREATE DATABASE classify_bench" -c CHECKPOINT 2>/dev/null
    url=${ADMIN/\/postgres\?/\/classify_bench\?}
    cp "$how" institutions/bench.yaml
    DATABASE_URL=$url /usr/bin/time -f '%e %U' -o "took-$how" "$WEIR" run --at 2026-09-01 >said 2>&1 || { cat said >&2; exit 1; }
    micros=$(psql -At "$url" -c "SELECT COALESCE(round(sum(micros)::numeric / max(rows_in), 1), 0) FROM run_stages WHERE stage = 'classify'")
    echo "round $round, $how: $(cat "took-$how" | awk '{ printf "%s s, %s s of processor", $1, $2 }'), classify $micros us an ad"
  done
  awk '{ print $1 }' took-without took-with | paste -sd' ' | awk '{ printf "ratio %.2f\n", $2 / $1 }'
done
