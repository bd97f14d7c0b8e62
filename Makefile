# `make` lists what there is. Works from any directory: make -C /path/to/tellegen demo

# Tests are built with other flags than the program; a place of their own keeps both builds warm.
tests := --scratch-path .build-test -c release -Xswiftc -enable-testing

swift_files := Sources Tests Embedded Fuzz/Sources Fuzz/Package.swift Package.swift

# Where the demo's run goes.
out ?= runs/demo

.DEFAULT_GOAL := help
.PHONY: help demo test check long fuzz proof lint format bench reproduce hil

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' Makefile

demo: ## build Tellegen and train the demo task into runs/demo (or out=...)
	@Scripts/setup build demo
	swift build -c release --product tellegen
	.build/release/tellegen train --out $(out) --overwrite

test: ## build and run the tests
	@Scripts/setup build test
	swift build $(tests) --build-tests
	swift test $(tests) --skip-build --parallel

check: export TELLEGEN_LONG = 1
check: test ## the tests, the long ones too

# Records go to docs/campaigns, under the commit that the tree was at.
long: export TELLEGEN_LONG = 1
long: export TELLEGEN_RECORDS = $(CURDIR)/docs/campaigns
long: export TELLEGEN_COMMIT = $(shell git describe --always --dirty --abbrev=12)
long: export TELLEGEN_SEED = $(seed)
long: export TELLEGEN_MOMENTS = $(moments)
long: ## all of a campaign of which the tests do a sample: kills terminals signals powercuts memory (only=NAME)
	@Scripts/setup build test
	@ls Tests/*/*Campaign.swift | grep -qi '/$(only)Campaign' || { \
	  echo "there is no campaign '$(only)'; give only= one of kills terminals signals powercuts memory" >&2; \
	  exit 64; }
	swift build $(tests) --build-tests
	mkdir -p $(TELLEGEN_RECORDS)
	swift test $(tests) --skip-build --filter '(?i)\.$(only)[a-z]*Campaign'

fuzz: seconds ?= 60
fuzz: ## look for files of runs that trap the program (seconds=60 only=setting)
	@Scripts/setup build
	Scripts/fuzz $(seconds) $(only)

proof: ## prove that the firmware neither allocates nor traps, on five processors
	@Scripts/setup proof
	Embedded/prove

lint: ## check format, documentation, imports and the C
	@Scripts/setup
	swift format lint --strict --parallel --recursive $(swift_files)
	Scripts/check-imports
	Scripts/check-shim

format: ## format the Swift files in place
	@Scripts/setup
	swift format --in-place --parallel --recursive $(swift_files)

reproduce: ## run published results again and judge them, into runs/reproduce
	@Scripts/setup build demo
	swift build -c release --product tellegen
	.build/release/tellegen reproduce all

bench: ## measure speed, accuracy and gate estimates, and count the firmware's instructions
	@Scripts/setup build bench
	swift build -c release --product tellegen
	Scripts/benchmark

# With this system's libgpiod first, then all again with 2.x: the program, the tests, the machine.
hil: gpiod2 = PKG_CONFIG_PATH=$$(hil/libgpiod)/pkgconfig LD_LIBRARY_PATH=$$(hil/libgpiod)/lib
hil: program2 = .build-gpiod2/release/tellegen
hil: ## learn through a real kernel's GPIO in a virtual machine (first time: builds a kernel)
	@Scripts/setup build test hil
	hil/kernel >/dev/null
	swift build $(tests) --build-tests
	ONLY="sim spi-breadboard" hil/check .build-test/release/tellegen
	$(gpiod2) swift build --scratch-path .build-gpiod2 -c release --product tellegen
	Scripts/check-shim
	$(gpiod2) $(program2) doctor | grep 'libgpiod: 2'
	$(gpiod2) swift build $(tests) --build-tests
	$(gpiod2) swift test $(tests) --skip-build --parallel
	$(gpiod2) ONLY="breadboard lattice spi-lattice restarts lines sim host conformance" \
	  hil/check $(program2) .build-test/release/TellegenPackageTests.xctest
	@# What is not judged by time runs in two machines at once.
	mkdir -p .build-hil
	$(gpiod2) WORK=.build-hil/beside ONLY="spi-signals lattice-signals reporter rest kills" hil/check $(program2) \
	  >.build-hil/beside.log 2>&1 & beside=$$!; trap 'kill $$beside' INT TERM; \
	$(gpiod2) ONLY=signals hil/check $(program2); status=$$?; \
	wait $$beside || status=1; cat .build-hil/beside.log; exit $$status
