# Everything here runs from the project folder. `just` lists the recipes.

default:
    @just --list

# What a change must pass; needs the PostgreSQL server programs
test:
    cargo test --workspace

# Formatting and lints
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Kill the real process in 200 places and compare the tables with an unbroken run's
soak:
    WEIR_SOAK=200 cargo test --release soak

# Speed and memory against hand-written SQL, on generated ads
bench *ARGS:
    benches/load.sh {{ARGS}}

# Rewrite the expected files; read the difference before you commit it
bless:
    WEIR_BLESS=1 cargo test --workspace
