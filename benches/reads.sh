#!/usr/bin/env bash
# How long commands, pages and queries take on a project with a large database (benches/scale.sh makes one): of three
# rounds of a command and of 20 requests of a page, the slowest but one.   usage: benches/reads.sh DIR [COMMANDS|PAGES|QUERIES]
set -euo pipefail
HERE=$(cd "$(dirname "$0")/.." && pwd)
WEIR=${WEIR:-$HERE/target/release/weir}
WHAT=${2:-all}; cd "$1"
"$WEIR" db start >/dev/null
URL=$("$WEIR" db url 2>/dev/null)
JOB=$(psql -At "$URL" -c "SELECT id FROM published_jobs WHERE version = 9 ORDER BY id LIMIT 1")
RUN=$(psql -At "$URL" -c "SELECT 'inst-002/' || max(r.id) FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE i.slug = 'inst-002'")
slowest_but_one() { sort -n | tail -2 | head -1; }
command() {
  local all=()
  for _ in 1 2 3; do
    local begun; begun=$(date +%s%N)
    timeout 120 "$WEIR" "$@" >said 2>&1 || true
    all+=($((($(date +%s%N) - begun) / 1000000)))
  done
  printf '%7d ms  weir %s\n' "$(printf '%s\n' "${all[@]}" | slowest_but_one)" "$*"
}
query() {
  local ms; ms=$(for _ in 1 2 3; do psql -qAt "$URL" -c '\timing on' -c "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'; done | slowest_but_one)
  printf '%7.1f ms  %s\n' "$ms" "$1"
}
page() {
  for _ in $(seq ${REQUESTS:-20}); do curl -s -m 60 -o page -w '%{time_total} %{http_code} %{size_download}\n' "http://$ADDRESS$1"; done | sort -n | tail -2 | head -1 |
    awk -v path="$1" '{ printf "%7.0f ms  %s %4.0f KB  %s\n", $1 * 1000, $2, $3 / 1024, path }'
}
if [[ $WHAT =~ all|COMMANDS ]]; then
  for words in "why $JOB" "history $JOB" "report inst-002" "report" "report --runs" "failures list inst-002" "failures list" "failures causes" "holds list" "duplicates list inst-002" \
    "duplicates list" "roles unmatched inst-002" "roles unmatched" "companies list" "plan inst-002" "plan" "check" "status" "schedule" "metrics" "alerts" "audit inst-002"; do
    # shellcheck disable=SC2086
    command $words
  done
fi
if [[ $WHAT =~ all|QUERIES ]]; then
  query "SELECT count(*) FROM jobs_history WHERE id = '$JOB'"
  query "SELECT * FROM jobs WHERE id = '$JOB'"
  query "SELECT * FROM job_changes WHERE job_id = '$JOB'"
  query "SELECT * FROM jobs WHERE last_updated_at > '2026-09-02' ORDER BY last_updated_at LIMIT 100"
  query "SELECT * FROM changes WHERE (txid, change_id) > ('0', 0) ORDER BY txid, change_id LIMIT 1000"
fi
[[ $WHAT =~ all|PAGES ]] || exit 0
ADDRESS=127.0.0.1:18080
# Nobody may run anything meanwhile.
for institution in institutions/*.yaml; do basename -s .yaml "$institution"; done | xargs "$WEIR" pause --reason "a benchmark" --by benchmark >/dev/null
"$WEIR" serve --listen "$ADDRESS" >served 2>&1 &
SERVE=$!; trap 'kill $SERVE' EXIT
until curl -sf "http://$ADDRESS/ready" >/dev/null; do sleep 0.2; done
for path in / /runs "/runs?institution=inst-002" "/runs/$RUN" /schedule /sources /failures "/failures?institution=inst-002" "/failures?rule=close-after-open" /holds /duplicates \
  "/duplicates?institution=inst-002" /jobs "/jobs?institution=inst-002" "/jobs?status=archived" "/jobs?q=nurse" "/jobs?q=engineer+perth" "/jobs?q=nosuchword" "/jobs?institution=inst-002&q=nosuchword" \
  "/jobs?role=software-engineer" "/jobs?since=2026-09-01" "/jobs?capability=nosuch" "/jobs/$JOB" /rules /frameworks /trends "/trends?institution=inst-002" /alerts /reports /audit /system /metrics \
  /api/v1/jobs "/api/v1/jobs?institution=inst-002&limit=1000" "/api/v1/jobs/$JOB" "/api/v1/jobs/$JOB/history" /api/v1/changes /api/v1/openings /api/v1/roles /api/v1/runs /api/v1/alerts /api/v1/reports; do
  page "$path"
done
