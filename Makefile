# `make` lists what there is. Works from any directory: make -C /path/to/tellegen demo

# Every path below starts here, wherever make was called.
root := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
in_root := cd "$(root)" &&

# Tests are built with other flags than the program; a place of their own keeps both builds warm.
tests := --scratch-path .build-test -c release -Xswiftc -enable-testing

swift_files := Sources Tests Embedded Package.swift

# Where the demo's run goes.
out ?= runs/demo

.DEFAULT_GOAL := help
.PHONY: help demo test check proof lint format bench reproduce hil

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' "$(root)Makefile"

demo: ## build Tellegen and train the demo task into runs/demo (or out=...)
	@$(in_root) Scripts/setup build demo
	$(in_root) swift build -c release --product tellegen
	$(in_root) .build/release/tellegen train --out $(out) --overwrite

test: ## build and run the tests
	@$(in_root) Scripts/setup build test
	$(in_root) swift build $(tests) --build-tests
	$(in_root) swift test $(tests) --skip-build --parallel

check: export TELLEGEN_LONG = 1
check: test ## the tests, the long ones too

proof: ## prove that the firmware neither allocates nor traps, on five processors
	@$(in_root) Scripts/setup proof
	$(in_root) Embedded/prove

lint: ## check format, documentation, imports and the C
	@$(in_root) Scripts/setup
	$(in_root) swift format lint --strict --parallel --recursive $(swift_files)
	$(in_root) Scripts/check-imports
	$(in_root) Scripts/check-shim

format: ## format the Swift files in place
	@$(in_root) Scripts/setup
	$(in_root) swift format --in-place --parallel --recursive $(swift_files)

reproduce: ## run published results again and judge them, into runs/reproduce
	@$(in_root) Scripts/setup build demo
	$(in_root) swift build -c release --product tellegen
	$(in_root) .build/release/tellegen reproduce all

bench: ## measure speed, accuracy and gate estimates, and count the firmware's instructions
	@$(in_root) Scripts/setup build bench
	$(in_root) swift build -c release --product tellegen
	$(in_root) Scripts/benchmark

# With this system's libgpiod first, then all again with 2.x: the program, the tests, the machine.
hil: gpiod2 = PKG_CONFIG_PATH=$$(hil/libgpiod)/pkgconfig LD_LIBRARY_PATH=$$(hil/libgpiod)/lib
hil: ## learn through a real kernel's GPIO in a virtual machine (first time: builds a kernel)
	@$(in_root) Scripts/setup build test hil
	$(in_root) hil/kernel >/dev/null
	$(in_root) swift build $(tests) --build-tests
	$(in_root) ONLY="sim spi-breadboard" hil/check .build-test/release/tellegen
	$(in_root) $(gpiod2) swift build --scratch-path .build-gpiod2 -c release --product tellegen
	$(in_root) $(gpiod2) swift build $(tests) --build-tests
	$(in_root) $(gpiod2) swift test $(tests) --skip-build --parallel
	$(in_root) $(gpiod2) hil/check .build-gpiod2/release/tellegen .build-test/release/TellegenPackageTests.xctest
