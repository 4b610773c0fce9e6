#!/usr/bin/env bash
# What finding openings costs: four boards of generated ads, of which a third of the vacancies are listed
# on several boards, loaded on day 0, again on day 1 (2 % changed, 1 % gone, 1 % new) and once more
# unchanged; then a board whose ads are all alike. Prints the seconds of the stage, what it judged,
# and the peak memory of the process. With a pair of true copies counted from the generator's truth.
# Needs psql and /usr/bin/time.   usage: benches/openings.sh [ADS PER BOARD] [LOOKALIKES]
set -euo pipefail
cd "$(dirname "$0")/.."
ADS=${1:-50000} ALIKE=${2:-20000}
if [ -z "${WEIR:-}" ]; then
  cargo build --release --quiet --package weir --package weir-generate
  WEIR=$PWD/target/release/weir GENERATE=$PWD/target/release/weir-generate
fi
DIR=$(mktemp -d); chmod 755 "$DIR"; cd "$DIR"
finish() { "$WEIR" db stop >/dev/null 2>&1 || true; rm -rf "$DIR"; }
trap finish EXIT
"$GENERATE" --out . --project --sources 4 --ads "$ADS" --days 2
printf 'openings: { sources: [board-0, board-1] }\n' >>institutions/inst-000.yaml
cat >institutions/alike.yaml <<'YAML'
institution: alike
timezone: UTC
sources:
  one: { fetch: { file: { path: one.ndjson } }, id: $.id, job: { title: $.title, description: $.text, department: $.team, locations: $.places } }
  two: { fetch: { file: { path: two.ndjson } }, id: $.id, job: { title: $.title, description: $.text, department: $.team, locations: $.places } }
openings: {}
YAML
for board in one two; do
  seq "$ALIKE" | awk -v b="$board" '{ printf "{\"id\":\"%s%s\",\"title\":\"Store Assistant\",\"text\":\"You stack shelves, help customers at the till, and lock the store at night when the manager is away.\",\"team\":\"Corner Stores\",\"places\":[\"Town %d\"]}\n", b, $1, $1 % 500 }' >"$board.ndjson"
done
"$WEIR" db start >/dev/null
URL=$("$WEIR" db url 2>/dev/null)
run() { # institution, day, date, words
  DAY=$2 /usr/bin/time -f '%e %M' -o took "$WEIR" run "$1" --at "$3" >said 2>&1 || { [ $? -eq 1 ] || { cat said >&2; exit 1; }; }
  read -r seconds peak <took
  stage=$(psql -At -F ' ' "$URL" -c "SELECT round(micros / 1e6, 2), rows_in, rows_out FROM run_stages WHERE stage = 'dedupe' ORDER BY run_id DESC LIMIT 1")
  awk -v what="$4" -v stage="$stage" -v run="$seconds" -v peak="$peak" 'BEGIN { split(stage, s, " ")
    printf "%-28s dedupe %7.2f s, %7d written, %7d judged; run %7.1f s, peak %4.0f MB\n", what, s[1], s[2], s[3], run, peak / 1024 }'
}
run inst-000 0 2026-09-01 "$((4 * ADS)) ads, day 0"
run inst-000 1 2026-09-02 "day 1"
run inst-000 1 2026-09-02 "unchanged"
run alike 0 2026-09-01 "2 x $ALIKE lookalikes"
run alike 0 2026-09-01 "unchanged"
psql -At "$URL" -c "SELECT members || ' ads: ' || count(*) || ' openings' FROM current_openings o JOIN institutions i ON i.id = o.institution_id WHERE i.slug = 'inst-000' GROUP BY members ORDER BY members"
psql -At "$URL" -c "SELECT relname || ': ' || pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ('job_signatures', 'job_blocks', 'opening_members', 'openings', 'published_jobs') ORDER BY 1"
