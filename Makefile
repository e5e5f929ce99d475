# gmmfast: `make demo` sets everything up and paints a photograph; `make test`
# sets everything up and passes every test. Both need Python >= 3.11 and Rust.

VENV := .venv
BIN := $(VENV)/bin
# Stamps of the installed package with the extras of the command, of development, of the
# benchmarks and of the documentation.
CLI := $(VENV)/installed-cli
DEV := $(VENV)/installed-dev
BENCH := $(VENV)/installed-bench
DOCS := $(VENV)/installed-docs
# Tools that build and check distributions.
TOOLS := $(VENV)/installed-tools
# The installed package: the sources, or a wheel, as in `make test PACKAGE=dist/NAME.whl`.
PACKAGE := .
# daal4py 2024.7 needs an older scikit-learn, so it has its own environment.
DAAL4PY := .venv-daal4py/installed
# The folders are listed too: their times change when a file is removed.
SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md LICENSE CHANGELOG.md \
  $(shell find rust python -not -path '*__pycache__*' -not -name '*.so')
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo docs strip screenshot test soak differential growth fuzz fuzz-python miri mutants \
  mutants-python peers upstream versions arm api lint bench count scaling platforms dist wheels \
  bounds clean

help:
	@echo "make demo   set up, build, and paint a photograph: painting.png"
	@echo "make test   set up, build, and run every test"
	@echo "make upstream  scikit-learn's own tests against gmmfast's classes"
	@echo "make versions  each tested version of scikit-learn in a fresh environment"
	@echo "make soak   the property tests with new examples: make soak MINUTES=60"
	@echo "make differential  thousands of random problems against scikit-learn and mpmath"
	@echo "make growth  memory and files over 10,000 calls of every public function"
	@echo "make fuzz   fuzzing of the core, by cargo-fuzz: make fuzz SECONDS=600 (nightly Rust)"
	@echo "make mutants  changes of grids and culling that no unit test finds (cargo-mutants)"
	@echo "make miri   the scalar level under Miri (nightly Rust)"
	@echo "make fuzz-python  fuzzing of files, by atheris: make fuzz-python SECONDS=600"
	@echo "make mutants-python  changes of mixture/ or estimators/ that no test finds (mutmut)"
	@echo "make peers  tgmm's answers anew, against ours (installs PyTorch: gigabytes)"
	@echo "make arm    tests on aarch64 in emulation (needs packages of Debian: see .ci/arm)"
	@echo "make api    the crate's public API against its record: docs/reference/rust_api.txt"
	@echo "make lint   formatters, linters, spelling, prose, types, stubs, workflows, licenses"
	@echo "make docs   the documentation, with its gallery: docs/_build/html/index.html"
	@echo "make strip  the strip of pictures in README.md: docs/strip.png"
	@echo "make screenshot  the page in README.md: docs/look_inside.png (needs Chromium)"
	@echo "make bench  side-by-side benchmarks, then cargo bench"
	@echo "make count  instructions of fixed workloads against the table (needs valgrind)"
	@echo "make scaling  fits and renderings on several processes, checked and measured"
	@echo "make platforms  the extension checked for Windows, macOS and Pyodide; a fit as WebAssembly"
	@echo "make dist   source distribution, and the wheel built from it, in dist/"
	@echo "make wheels  make dist, and wheels for free-threaded Python and for aarch64"
	@echo "make bounds  the wheel with the lowest and the newest declared dependencies"
	@echo "make clean  remove everything that was built"

demo: $(CLI)
	$(BIN)/gmmfast paint -k 1000 -o painting.png

# Cargo leaves out the programs of the examples, which a test runs: each would compile the kernels
# again. A worker of pytest takes tests in their order: fixtures of a module are made once.
test: $(DEV)
	cargo test --locked --tests
	cargo test --locked --doc
	$(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/python -m pytest --doctest-modules --pyargs gmmfast
	$(MAKE) --no-print-directory upstream

# The property tests, with new examples in each round, for as long as told.
MINUTES ?= 10
soak: $(DEV)
	end=$$(($$(date +%s) + 60 * $(MINUTES))); \
	while [ $$(date +%s) -lt $$end ]; do \
	  GMMFAST_TEST_EXAMPLES=500 $(BIN)/python -m pytest tests/system/test_properties.py \
	    tests/system/test_sequences.py || exit 1; \
	done

# Findings are printed; the last line of each is for docs/explanation/reliability.md.
differential: $(DEV)
	$(BIN)/python tests/campaigns/differential.py 2000
	$(BIN)/python tests/campaigns/tails.py 500
	$(BIN)/python tests/campaigns/interrupts.py 20

growth: $(DEV)
	$(BIN)/python tests/campaigns/growth.py 10000

# A crash is a file in fuzz/artifacts, and ends make.
FUZZ_TARGETS := mixture cull grid tree sampler
fuzz:
	@cargo +nightly fuzz --version >/dev/null 2>&1 || { \
	  echo "make fuzz needs a nightly toolchain (rustup toolchain install nightly)" >&2; \
	  echo "and cargo-fuzz (cargo install cargo-fuzz --locked)" >&2; exit 1; }
	set -e; for target in $(FUZZ_TARGETS); do \
	  mkdir -p fuzz/target/corpus/$$target fuzz/corpus/$$target; \
	  cargo +nightly fuzz run $$target fuzz/target/corpus/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(SECONDS) -timeout=100 -rss_limit_mb=3000; \
	done

# cargo-mutants changes the code of files whose errors a result need not show, and the unit tests
# there must find each change. Those that none finds are printed; docs/explanation/reliability.md
# explains the known ones. A change may run or allocate without end, hence both limits.
MUTATED := rust/simd/math.rs 'rust/grid/*.rs' rust/rendering/cull.rs 'rust/points/cull/*.rs'
mutants:
	@cargo mutants --version >/dev/null 2>&1 || { \
	  echo "make mutants needs cargo-mutants (cargo install cargo-mutants --locked)" >&2; exit 1; }
	mkdir -p target
	ulimit -v 8000000; \
	CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1 \
	  cargo mutants --output target --timeout 60 $(MUTATED:%=-f %) -C=--locked -C=--lib \
	  -- -- simd::math grid:: rendering::cull points::cull || case $$? in 2|3) ;; *) exit 1 ;; esac

# Tests without files and millions of values; Miri has none of the instruction sets above the
# baseline, and the calling thread does all work there.
miri:
	@cargo +nightly miri --version >/dev/null 2>&1 || { \
	  echo "make miri needs: rustup component add miri rust-src --toolchain nightly" >&2; exit 1; }
	cargo +nightly miri test --locked --lib -- model:: grid:: points::threshold random::alias \
	  --skip every_pixel --skip largest_uniform --skip the_pixels_of_a_rectangle
	cargo +nightly miri test --locked --test core -- small::

# atheris has wheels for Linux. A crash is a file in fuzz/artifacts, and ends make.
SECONDS ?= 60
fuzz-python: $(DEV)
	$(PIP) atheris
	mkdir -p fuzz/target/corpus/model_file fuzz/target/corpus/picture_file fuzz/artifacts
	$(BIN)/python fuzz/model_file.py fuzz/target/corpus/model_file tests/mixture/golden \
	  -max_total_time=$(SECONDS) -artifact_prefix=fuzz/artifacts/
	$(BIN)/python fuzz/picture_file.py fuzz/target/corpus/picture_file fuzz/corpus/picture_file \
	  -max_total_time=$(SECONDS) -rss_limit_mb=2000 -artifact_prefix=fuzz/artifacts/

# mutmut needs os.fork. Minutes for a file and an hour for a folder: mixture, estimators.
PART ?= mixture
mutants-python: $(DEV)
	$(PIP) mutmut==3.8.1
	$(BIN)/python .ci/mutants $(PART)

# tgmm's answers anew, against those that are stored and against gmmfast's. PyTorch brings up to
# 8 GB along, hence the environment of its own.
peers: $(BIN)/python $(SOURCES)
	$(CHECK_CARGO)
	$(BIN)/python -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
	  '.[test]' tgmm==0.4.3
	.venv-peers/bin/python tests/peers/tgmm_answers.py --check
	.venv-peers/bin/python -m pytest tests/system/test_peers.py tests/system/test_peers_regression.py

# scikit-learn's own tests of its mixtures, with gmmfast's classes in their place.
upstream: $(DEV)
	SCIPY_ARRAY_API=1 SKLEARN_RUN_FLOAT32_TESTS=1 $(BIN)/python -m gmmfast tests/system/upstream.py

# Every version of scikit-learn that python/gmmfast/estimators/versions.py declares, each in a
# fresh environment. The other extras, of peers and ONNX, need newer ones than the oldest.
versions: $(DEV)
	rm -rf .venv-versions
	set -e; for version in $$($(BIN)/python -c \
	  'from gmmfast.estimators.versions import TESTED; print(*TESTED)'); do \
	  echo "scikit-learn $$version"; \
	  $(BIN)/python -m venv .venv-versions; \
	  .venv-versions/bin/python -m pip install --quiet --disable-pip-version-check \
	    '$(PACKAGE)[cli,dask,plot,video]' "scikit-learn==$$version.*" $(API_TOOLS); \
	  .venv-versions/bin/python -m pytest -n auto -W ignore::pytest.PytestRemovedIn10Warning \
	    tests/acceleration tests/estimators tests/fitting; \
	  rm -rf .venv-versions; \
	done

# Nothing of it is installed, and no environment is needed: see .ci/arm.
arm:
	.ci/arm

lint: $(DEV)
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || { \
	  echo "make lint needs rustfmt and clippy: rustup component add rustfmt clippy" >&2; \
	  exit 1; }
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --bench instructions -- -D warnings
	PYO3_PYTHON="$(CURDIR)/$(BIN)/python" cargo clippy --locked --features python -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/typos
	$(BIN)/python .ci/prose.py
	$(BIN)/python .ci/release_notes.py >/dev/null
	$(BIN)/zizmor --offline --quiet .github
	@if actionlint --version >/dev/null 2>&1; then \
	  actionlint; \
	else \
	  echo "actionlint is not installed; workflows were checked by zizmor alone" >&2; \
	fi
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest gmmfast._core
	@if cargo deny --version >/dev/null 2>&1; then \
	  cargo deny --offline check licenses bans sources; \
	else \
	  echo "cargo-deny is not installed; licenses and duplicates were not checked" >&2; \
	fi
	@if cargo public-api --version >/dev/null 2>&1; then \
	  $(MAKE) --no-print-directory api; \
	else \
	  echo "cargo-public-api is not installed; the record of the API was not compared" >&2; \
	fi

# Runs the code of every page and every gallery script at its full size, without a network.
# GALLERY=small runs only those whose pictures are on other pages, too, at a small size.
docs: $(DOCS)
	$(BIN)/python .ci/run_pages.py
	GALLERY=$(GALLERY) $(BIN)/python -m sphinx -b html -W --keep-going -q docs docs/_build/html
	$(BIN)/python .ci/check_links.py docs/_build/html
	@echo "docs/_build/html/index.html"

strip: $(DEV)
	$(BIN)/python docs/strip.py

screenshot: $(DEV)
	PYTHONPATH=tests $(BIN)/python docs/screenshot.py

bench: $(BENCH) $(DAAL4PY)
	$(BIN)/python benches/side_by_side.py
	cargo bench --locked

# Not part of `make bench`: nothing else needs valgrind.
count:
	cargo bench --locked --bench instructions

# Minutes, and 8 GB of disk: ten kills of workers, overheads, and pictures of 10^8 and 10^9 pixels.
scaling: $(DEV)
	$(BIN)/python benches/scaling.py

# Type checks only, but for the fit: `rustup target add` brings the standard libraries.
PLATFORMS := x86_64-pc-windows-msvc x86_64-pc-windows-gnu aarch64-apple-darwin \
  x86_64-apple-darwin wasm32-unknown-emscripten
platforms:
	set -e; for target in $(PLATFORMS); do \
	  PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 PYO3_CROSS_PYTHON_VERSION=3.11 \
	    cargo check --locked --lib --features python --target $$target; \
	done
	.ci/wasm
	@if emcc --version >/dev/null 2>&1; then \
	  .ci/emscripten; \
	else \
	  echo "emcc is not installed; the fit was not run as an Emscripten program" >&2; \
	fi

# On Linux zig links against glibc 2.17, hence the tag manylinux_2_17.
ifeq ($(shell uname -s),Linux)
MANYLINUX := --zig --compatibility manylinux2014
endif
WHEEL = PATH="$(CURDIR)/$(BIN):$$PATH" CARGO_TARGET_DIR="$(CURDIR)/target" \
  $(BIN)/maturin build --quiet --release --locked $(MANYLINUX) --out dist

dist: $(TOOLS)
	rm -rf dist
	$(WHEEL) --sdist --interpreter $(BIN)/python
	$(BIN)/python .ci/check_dist.py dist
	@ls -l dist

# Needs no free-threaded Python, and of aarch64 only Rust's standard library: `rustup target add
# aarch64-unknown-linux-gnu`, or a compiler that has it, named by ARM_RUSTC.
ARM_RUSTC ?= rustc
wheels: dist
	$(WHEEL) --target x86_64-unknown-linux-gnu --interpreter python3.14t
	RUSTC=$(ARM_RUSTC) $(WHEEL) --target aarch64-unknown-linux-gnu --interpreter $(BIN)/python
	$(BIN)/python .ci/check_dist.py dist
	.ci/smoke_aarch64 dist/*-abi3-*_aarch64.whl

# The record of the crate's public API; `make api RECORD=write` writes it anew. Its tool reads the
# documentation of nightly Rust.
API := docs/reference/rust_api.txt
api:
	@cargo public-api --version >/dev/null 2>&1 || { \
	  echo "make api needs cargo-public-api (cargo install cargo-public-api --locked)" >&2; \
	  echo "and a nightly toolchain (rustup toolchain install nightly)" >&2; exit 1; }
	mkdir -p target
	cargo public-api -sss >target/rust_api.txt
ifeq ($(RECORD),write)
	cp target/rust_api.txt $(API)
endif
	diff -u $(API) target/rust_api.txt

# The wheel in fresh environments, one for each end of the declared versions.
API_TESTS := tests/test_public.py tests/rendering tests/mixture tests/images tests/estimators
# Other extras (Dask, ONNX, peers) need newer versions of NumPy or scikit-learn than the lowest.
API_TOOLS := pytest pytest-xdist hypothesis mpmath array-api-strict pandas polars
bounds: $(DEV)
	set -e; for bound in lowest newest; do \
	  rm -rf .venv-bounds; \
	  $(BIN)/python -m venv .venv-bounds; \
	  $(BIN)/python .ci/bounds.py $$bound >.venv-bounds/constraints.txt; \
	  .venv-bounds/bin/python -m pip install --quiet --disable-pip-version-check \
	    -c .venv-bounds/constraints.txt $$(echo dist/*-abi3-*_x86_64.whl)'[cli,plot,video]' \
	    $(API_TOOLS); \
	  .venv-bounds/bin/python -m pytest -n auto -W ignore::pytest.PytestRemovedIn10Warning \
	    $(API_TESTS); \
	done; rm -rf .venv-bounds

clean:
	rm -rf docs/_build docs/generated $(VENV) .venv-daal4py .venv-versions .venv-bounds .venv-peers \
	  target dist

# Finds a Python that runs and is new enough. Version managers put names on the path that
# only print an error.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "gmmfast needs Python 3.11 or newer with its venv module, and none was found." >&2; \
	echo "Install one (python.org, or your system's packages python3 and python3-venv)," >&2; \
	echo "or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

# `make demo` compiles the extension in a profile that is built faster; benches/README.md has the
# costs. The first installation of the others compiles the release. Later ones, with more extras,
# reuse cargo's build.
$(CLI): $(BIN)/python $(SOURCES)
	$(CHECK_CARGO)
	$(ANNOUNCE)
	MATURIN_PEP517_ARGS='--profile demo' $(PIP) '$(PACKAGE)[cli]'
	@touch $@

$(DEV): $(BIN)/python $(SOURCES)
	$(CHECK_CARGO)
	$(ANNOUNCE)
	$(PIP) '$(PACKAGE)[lint]'
	@touch $(CLI) $@

$(DOCS): $(BIN)/python $(SOURCES)
	$(CHECK_CARGO)
	$(ANNOUNCE)
	$(PIP) '$(PACKAGE)[docs]'
	@touch $@

$(BENCH): $(BIN)/python $(SOURCES)
	$(CHECK_CARGO)
	$(ANNOUNCE)
	$(PIP) '$(PACKAGE)[bench]'
	@touch $@

$(TOOLS): $(BIN)/python
	$(PIP) 'maturin>=1.9.4,<2' ziglang==0.15.2 'auditwheel>=6.4' 'abi3audit>=0.0.24'
	@touch $@

# The last release is for CPython 3.11 and x86-64; elsewhere the table names what is missing.
$(DAAL4PY): $(BIN)/python
	$(BIN)/python -m venv .venv-daal4py
	-.venv-daal4py/bin/python -m pip install --quiet --disable-pip-version-check \
	  daal4py==2024.7.0 'scikit-learn==1.5.*' packaging
	@touch $@

ANNOUNCE = @echo "building gmmfast and installing it into $(VENV): two to three minutes"

# The version that Cargo.toml names as rust-version.
define CHECK_CARGO
@cargo --version 2>/dev/null | \
awk '{ split($$2, v, "."); new = v[1] > 1 || v[2] >= 89 } END { exit !new }' || { \
  echo "gmmfast needs the Rust toolchain (cargo, rustc) 1.89 or newer to build;" >&2; \
  echo "found: $$(cargo --version 2>/dev/null || echo none)." >&2; \
  echo "Install it from https://rustup.rs (or run: rustup update stable), open a new" >&2; \
  echo "shell, and run make again." >&2; \
  exit 1; }
endef
