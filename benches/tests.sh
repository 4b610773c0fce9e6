#!/usr/bin/env bash
# `weir test` on 1,000 tests: 500 of 50 rules, 490 of mappings with the ad in the test and 10 with the ad in a file, on one institution with a source
# of 10 fields. Prints the seconds of each round, whole process. No database is needed.   usage: benches/tests.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
ROUNDS=${1:-3}
cargo build --release --quiet
WEIR=$PWD/target/release/weir DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
cp -r benches/project/. "$DIR"; cd "$DIR"
rm institutions/* rules/*; mkdir -p tests/mapping data
cat > institutions/acme.yaml <<'YAML'
institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch: { file: { path: data/ads.json, records: "$.jobs[*]" } }
    id: $.id
    job:
      title: $.title
      description: { from: $.body, as: html }
      open_date: { from: $.posted, format: "%d/%m/%Y" }
      close_date: { from: [$.closes, $.until], format: ["%d/%m/%Y", "%d %B %Y"] }
      department: $.agency.name
      department_id: $.agency.id
      job_type: { from: $.type, default: Not stated }
      locations: $.places[*].city
      source_url: $.url
      remuneration: { script: 'if doc.pay == () { () } else { "$" + doc.pay.min + " to $" + doc.pay.max }' }
require: { title: { type: string, minLength: 3 }, description: { type: string, minLength: 10 } }
rules: [bench]
YAML
awk 'BEGIN {
  print "rules:"
  for (rule = 0; rule < 50; rule++) {
    printf "  - id: open-%d\n    type: invalid_date_range\n    field: close_date\n    when: job.title != \"Pool %d\"\n", rule, rule
    printf "    assert: job.close_date <= job.open_date + days(%d)\n    message: open for more than %d days\n    tests:\n", rule + 10, rule + 10
    for (test = 0; test < 5; test++) {
      printf "      - { job: { title: Nurse %d, open_date: 2026-09-01, close_date: 2026-09-0%d }, expect: pass }\n", test, test + 1
      printf "      - { job: { title: Nurse %d, open_date: 2026-01-01, close_date: 2026-09-0%d }, expect: fail }\n", test, test + 1
    }
  }
}' > rules/bench.yaml
ad() { # id: the members of an ad
  printf '"id": %d, "title": "Nurse %d", "body": "<p>Nights in Cairns.</p><p>Rent is paid.</p>", "posted": "28/08/2026", "closes": "05/09/2026", ' "$1" "$1"
  printf '"agency": { "id": "H", "name": "Health" }, "places": [{ "city": "Cairns" }], "pay": { "min": 1, "max": 2 }, "url": "https://example.org/%d"' "$1"
}
{ printf '{ "jobs": ['; for id in $(seq 10); do [ "$id" = 1 ] || printf ','; printf '{ '; ad "$id"; printf ' }\n'; done; printf '] }'; } > data/ads.json
expect() { printf '    expect: { id: "%d", title: Nurse %d, open_date: 2026-08-28, close_date: 2026-09-05, locations: [Cairns], remuneration: $1 to $2 }\n    reasons: []\n' "$1" "$1"; }
{
  printf 'institution: acme\nat: 2026-09-01\ntests:\n'
  for id in $(seq 10); do printf '  - about: ad %d of a file\n    file: data/ads.json\n    ad: %d\n' "$id" "$id"; expect "$id"; done
  for id in $(seq 11 500); do printf '  - about: ad %d\n    document: { ' "$id"; ad "$id"; printf ' }\n'; expect "$id"; done
} > tests/mapping/acme.yaml
for round in $(seq "$ROUNDS"); do
  begun=$(date +%s.%N)
  said=$("$WEIR" test) || { tail -2 <<<"$said" >&2; exit 1; }
  printf 'round %d: %.2f s, %s\n' "$round" "$(awk -v a="$begun" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')" "$(head -1 <<<"$said")"
done
