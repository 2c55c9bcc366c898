# Laurel. `make help` lists the targets.
SHELL := /bin/bash
SWIFT ?= swift
STRICT := --explicit-target-dependency-import-check error
# With the Swift runtime in the binary, calls into it need no table: a tenth less CPU.
RELEASE := -c release --static-swift-stdlib $(STRICT)
SOURCES := Package.swift Shared Services Tests
# By default, use a Kafka unpacked beside the checkout.
export KAFKA_HOME ?= $(if $(wildcard ../shared/kafka/bin),$(abspath ../shared/kafka))

.PHONY: help setup build release bench-build fuzz-build contracts demo test proofs interop portal-test image-check faults-smoke bench bench-portal bench-backlog bench-codec bench-state bench-size faults fuzz format lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install missing Debian packages (with sudo if needed)
	@ops/setup

build: setup ## build everything, for debugging
	$(SWIFT) build $(STRICT)

# The command starts the services and depends on them, so this builds everything that is shipped, in one graph that keeps the cores busy.
# The benches and the faulty services would add a third of the work and are not shipped.
release: setup ## build the services, the portal and the laurel command, optimised
	$(SWIFT) build $(RELEASE) --product laurel

bench-build: release
	$(SWIFT) build $(RELEASE) --product laurel-bench

contracts: setup ## generate Swift, schemas, AsyncAPI and pages from ops/contracts/messages, and the codecs of stored types
	@$(SWIFT) build -q --product laurel-contracts && .build/debug/laurel-contracts

demo: build ## run the examples of the three programs on the embedded bus; exit 0 only if the figures are right
	.build/debug/laurel demo

BENCH_TESTS := Faults\.(BenchTests|ProviderTests)

# Suites that start brokers and processes run one after the other. In parallel they would only wait for the cores.
test: setup ## build and run the tests, with the real Kafka in KAFKA_HOME
	$(SWIFT) build --build-tests $(STRICT)
	$(SWIFT) test --skip-build --skip 'KafkaTests\.' --skip 'CommandTests\.' --skip 'Faults\.'
	Tests/with-broker 'KafkaTests\.'
	Tests/with-broker 'CommandTests\.'
	$(MAKE) interop

# Third-party tools from PyPI, in a virtual environment.
PYTHON := .build/python/bin/python
REQUIREMENTS := Tests/Interop/requirements.txt Tests/Portal/requirements.txt
$(PYTHON): $(REQUIREMENTS)
	python3 -m venv .build/python
	$(PYTHON) -m pip install -q --disable-pip-version-check $(REQUIREMENTS:%=-r %)
	touch $@

PYTEST := $(PYTHON) -m pytest -o cache_dir=$(CURDIR)/.build/pytest
# As in Tests/with-broker: a test that fails on a busy machine runs once more, alone.
AGAIN := $(PYTEST) --last-failed --last-failed-no-failures none --maxfail 1

proofs: setup $(PYTHON) ## run the longer tests: services killed, frozen and cut off on real Kafka, a rebuilt deployment, payout adapters, account pages in a browser
	$(SWIFT) build --build-tests $(STRICT)
	Tests/with-broker 'Faults\.' --skip '$(BENCH_TESTS)'
	$(PYTEST) -m proof Tests/Interop || $(AGAIN) -m proof Tests/Interop
	$(MAKE) portal-test

interop: $(PYTHON) ## check contracts, image, manifests, alarms and board with third-party tools (part of `make test`)
	$(PYTEST) -n 3 --dist loadfile -m 'not proof' Tests/Interop || $(AGAIN) -m 'not proof' Tests/Interop

image-check: setup ## build the image's programs, and start them in a Debian with the Dockerfile's packages (3 minutes, as root)
	ops/container/check

portal-test: $(PYTHON) ## test the account pages in a browser, on real Kafka (part of `make proofs`); LAUREL_SCREENSHOTS=FOLDER saves pictures, LAUREL_README_PICTURE=FILE README's
	$(PYTEST) Tests/Portal || $(AGAIN) Tests/Portal

faults-smoke: setup ## run a short version of the faults bench (about 8 minutes); CI runs it last
	$(SWIFT) build --build-tests $(STRICT)
	Tests/with-broker '$(BENCH_TESTS)'

bench: bench-build ## measure accrual's records/s beside a plain librdkafka loop, on real Kafka (PAYMENTS=200000)
	.build/release/laurel-bench $(or $(PAYMENTS),200000)

bench-portal: bench-build $(PYTHON) ## measure the account pages: notices/s, page times, memory, notice to page (REFEREES=300000; 4 minutes)
	.build/release/laurel-bench portal $(or $(REFEREES),300000)
	LAUREL_BIN=$(CURDIR)/.build/release $(PYTHON) Tests/Portal/bench.py $(or $(REFEREES),300000)

bench-backlog: bench-build ## measure memory and speed over a backlog, and the restore after it, on real Kafka (PAYMENTS=5000000); removes its 20 GB
	.build/release/laurel-bench backlog $(or $(PAYMENTS),5000000)

bench-codec: bench-build ## measure decoding and encoding a message, beside Foundation; no Kafka
	.build/release/laurel-bench codec

bench-state: bench-build ## measure a payment's cost and state at 1,000 and at 1,000,000 (REFEREES=1000000 PAYMENTS=100000: 20 minutes); no Kafka
	.build/release/laurel-bench state $(or $(REFEREES),1000000) $(or $(PAYMENTS),100000)

bench-size: bench-build ## what one account and one payment cost a deployment, for `laurel size`, on real Kafka (REFEREES=50000)
	.build/release/laurel-bench size $(or $(REFEREES),50000)

# The release to upgrade from, a tag or a commit: checked out and built beside the temporary files, where it stays for the next time.
FROM_TREE = $(abspath $(or $(TMPDIR),/tmp))/laurel-from-$(FROM)

faults: setup ## inject every fault repeatedly on real Kafka, and report the results (CYCLES=20 SEED=1 ROWS=kill,frozen PAYMENTS=40; ROWS=upgrade FROM=TAG)
	$(if $(FROM),test -d $(FROM_TREE) || git worktree add --detach $(FROM_TREE) $(FROM))
	$(if $(FROM),cd $(FROM_TREE) && $(SWIFT) build -c release --product laurel)
	$(SWIFT) build $(RELEASE)
	.build/release/laurel-faults --cycles $(or $(CYCLES),20) --seed $(or $(SEED),1) --payments $(or $(PAYMENTS),40) \
	  $(if $(ROWS),--rows $(ROWS)) $(if $(FROM),--old $(FROM_TREE))

# A separate build, because sanitizers and coverage slow everything down. libFuzzer comes with the toolchain's Clang.
FUZZ_BUILD = .build/fuzz
FUZZ_COVERAGE := edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table
FUZZ_LIBRARY = $(shell $(SWIFT)c -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/clang/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a

fuzz-build: setup
	LAUREL_LIBFUZZER=1 $(SWIFT) build -c release --scratch-path $(FUZZ_BUILD) --product LaurelFuzz --sanitize=address \
	  -Xswiftc -enable-testing -Xswiftc -sanitize-coverage=$(FUZZ_COVERAGE) \
	  -Xcxx -fsanitize-coverage=$(FUZZ_COVERAGE) -Xlinker $(FUZZ_LIBRARY)

fuzz: fuzz-build ## fuzz one decoder with libFuzzer (TARGET=stages SECONDS=60); new inputs stay in .build/fuzz; see ops/docs/FUZZING.md
	mkdir -p $(FUZZ_BUILD)/corpus/$(TARGET) $(FUZZ_BUILD)/found
	ASAN_OPTIONS=detect_leaks=0:malloc_context_size=2 SWIFT_BACKTRACE=enable=no LAUREL_FUZZ_TARGET=$(TARGET) $(FUZZ_BUILD)/release/LaurelFuzz $(FUZZ_BUILD)/corpus/$(TARGET) \
	  Tests/Fuzz/Corpus/$(TARGET) -dict=Tests/Fuzz/LibFuzzer/laurel.dict -max_len=8192 -timeout=20 \
	  -artifact_prefix=$(FUZZ_BUILD)/found/$(TARGET)- -max_total_time=$(or $(SECONDS),60) -print_final_stats=1

format: ## format all Swift sources
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

lint: ## check the format
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

clean: ## remove all build output
	rm -rf .build
