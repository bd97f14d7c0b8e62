# `make` lists what there is. Works from any directory: make -C /path/to/tellegen demo

# Tests are built with other flags than the program; a place of their own keeps both builds warm.
tests := --scratch-path .build-test -c release -Xswiftc -enable-testing

swift_files := Sources Tests Embedded Fuzz/Sources Fuzz/Package.swift Package.swift \
  examples/package/Sources examples/package/Package.swift

# Where the demo's run goes.
out ?= runs/demo

.DEFAULT_GOAL := help
.PHONY: help demo test check long fuzz bare proof lint format bench count reproduce hil arm64

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' Makefile

demo: ## build Tellegen and train the demo task into runs/demo (or out=...)
	@Scripts/setup build demo
	swift build -c release --product tellegen
	.build/release/tellegen train --out $(out) --overwrite

test: ## build and run the tests
	@Scripts/setup build test
	swift build $(tests) --build-tests
	swift test $(tests) --skip-build --parallel

check: export TELLEGEN_LONG = 1
check: test ## the tests, the long ones too; then under sanitizers, and a minute of each fuzzer
	Scripts/sanitize address
	Scripts/sanitize thread
	Scripts/fuzz 60

# Records go to docs/results/campaigns, under the commit that the tree was at.
long: export TELLEGEN_LONG = 1
long: export TELLEGEN_RECORDS = $(CURDIR)/docs/results/campaigns
long: export TELLEGEN_COMMIT = $(shell git describe --always --dirty --abbrev=12)
long: export TELLEGEN_SEED = $(seed)
long: export TELLEGEN_MOMENTS = $(moments)
long: ## all of a campaign of which the tests do a sample: kills terminals signals powercuts memory wiring intervals estimates repeats limits (only=NAME)
	@Scripts/setup build test
	@ls Tests/*/*Campaign.swift | grep -qi '/$(only)Campaign' || { \
	  echo "there is no campaign '$(only)'; give only= one of kills terminals signals powercuts memory wiring intervals estimates repeats limits" >&2; \
	  exit 64; }
	swift build $(tests) --build-tests
	mkdir -p $(TELLEGEN_RECORDS)
	swift test $(tests) --skip-build --filter '(?i)\.$(only)[a-z]*Campaign'

fuzz: seconds ?= 60
fuzz: ## look for files and machines that trap the program (seconds=60 only=setting)
	@Scripts/setup build
	Scripts/fuzz $(seconds) $(only)

bare: ## build the program for real boards only, and prove that nothing of the double is in it
	@Scripts/setup build
	Scripts/check-bare

proof: ## prove that the firmware neither allocates nor traps, on five processors
	@Scripts/setup proof
	Embedded/prove

lint: ## check format, documentation, imports, links and the C
	@Scripts/setup
	swift format lint --strict --parallel --recursive $(swift_files)
	Scripts/check-imports
	Scripts/check-links
	Scripts/check-shim

format: ## format the Swift files in place
	@Scripts/setup
	swift format --in-place --parallel --recursive $(swift_files)

reproduce: ## run published results again and judge them, into runs/reproduce
	@Scripts/setup build demo
	swift build -c release --product tellegen
	.build/release/tellegen reproduce all

bench: ## measure speed, accuracy and gate estimates, time the solver beside others
	@Scripts/setup build bench
	swift build -c release --product tellegen
	Scripts/benchmark
	benchmarks/run --write
	Scripts/count-instructions --write

count: ## count the instructions of the solver's steps and of the firmware's, and compare them
	@Scripts/setup build count
	Scripts/count-instructions

arm64: ## build the program for arm64 Debian 13 and 12, and compare what it does with this computer's (only=trixie)
	@Scripts/setup build arm64
	swift build -c release --product tellegen
	for suite in $(or $(only),trixie bookworm); do arm64/compare $$suite || exit; done

# With this system's libgpiod first, then all again with 2.x: the program, the tests, the machine.
hil: system = sim spi-breadboard
hil: quiet = breadboard lattice spi-lattice restarts lines sim host conformance harness
# What is not judged by time runs in two machines at once.
hil: beside = spi-signals lattice-signals reporter rest kills faults
hil: front = signals
hil: gpiod2 = PKG_CONFIG_PATH=$$(hil/libgpiod)/pkgconfig LD_LIBRARY_PATH=$$(hil/libgpiod)/lib
hil: program2 = .build-gpiod2/release/tellegen
hil: bundle = .build-test/release/TellegenPackageTests.xctest
hil: signals ?= 200
hil: export SIGNALS = $(signals)
hil: ## learn through a real kernel's GPIO in a virtual machine (only="breadboard lines" signals=200)
	@hil/run --names $(only) >/dev/null
	@Scripts/setup build test hil
	hil/kernel --install >/dev/null
ifeq ($(only),)
	swift build $(tests) --build-tests
	hil/run .build-test/release/tellegen $(bundle) $(system)
endif
	$(gpiod2) swift build --scratch-path .build-gpiod2 -c release --product tellegen
ifeq ($(only),)
	Scripts/check-shim
endif
	$(gpiod2) $(program2) doctor | grep 'libgpiod: 2'
	$(gpiod2) swift build $(tests) --build-tests
ifeq ($(only),)
	$(gpiod2) swift test $(tests) --skip-build --parallel
	$(gpiod2) hil/run $(program2) $(bundle) $(quiet)
	mkdir -p .build-hil
	$(gpiod2) WORK=.build-hil/beside hil/run $(program2) $(bundle) $(beside) >.build-hil/beside.log 2>&1 & \
	beside=$$!; trap 'kill $$beside' INT TERM; \
	$(gpiod2) hil/run $(program2) $(bundle) $(front); status=$$?; \
	wait $$beside || status=1; cat .build-hil/beside.log; exit $$status
else
	$(gpiod2) hil/run $(program2) $(bundle) $(only)
endif
