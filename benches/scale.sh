#!/usr/bin/env bash
# Makes a project with a large database: 300 institutions of four boards with roles, capabilities and openings,
# about 1,000,000 ads, loaded by Weir in parts, so that each takes minutes; then scale.sql for its past:
# 5,000 runs, 3,000,000 versions. benches/reads.sh times what reads it. Needs psql and 25 GB of disk.
# usage: benches/scale.sh DIR [INSTITUTIONS] [ADS PER BOARD]
set -euo pipefail
HERE=$(cd "$(dirname "$0")/.." && pwd)
DIR=$1 INSTITUTIONS=${2:-300} ADS=${3:-425}
if [ -z "${WEIR:-}" ]; then
  (cd "$HERE" && cargo build --release --quiet --package weir --package weir-generate)
  WEIR=$HERE/target/release/weir GENERATE=$HERE/target/release/weir-generate
fi
mkdir "$DIR"; cd "$DIR"
"$GENERATE" --out . --project --institutions "$INSTITUTIONS" --sources 4 --ads "$ADS" --days 2
cp -r "$HERE/frameworks" "$HERE/alerts" .
sed -i 's/resolve, validate/resolve, classify, validate/' pipelines/daily.yaml
echo 'schedule: "0 4 * * *"' >>pipelines/daily.yaml
for institution in institutions/*.yaml; do
  cat >>"$institution" <<'YAML'
roles: { framework: private-sector-roles, standardise: { from: title } }
capabilities: { framework: nsw-core-capabilities, from: [description] }
openings: { sources: [board-0, board-1, board-2, board-3] }
YAML
done
"$WEIR" db start >/dev/null
basename -s .yaml institutions/*.yaml | xargs -n 50 | while read -r part; do
  begun=$(date +%s)
  # shellcheck disable=SC2086
  "$WEIR" run $part --at 2026-09-01 >said 2>&1 || [ $? -eq 1 ] || { tail said >&2; exit 1; }
  echo "from ${part%% *} on: $(($(date +%s) - begun)) s"
done
psql -q -v ON_ERROR_STOP=1 "$("$WEIR" db url 2>/dev/null)" -f "$HERE/benches/scale.sql"
