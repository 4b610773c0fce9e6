#!/usr/bin/env bash
# The samples on databases that are not ours alone: another encoding, other schemas, roles with few rights, few connections, a proxy that
# cuts or freezes, odd settings, pgbouncer, an old certificate. Needs the PostgreSQL server programs; what else the machine lacks is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo test --test suite hostile_database -- --nocapture "$@"
