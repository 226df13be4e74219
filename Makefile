# ARCH: one of the SDKs of targets/sdk.
ARCH ?= arm64

.PHONY: device

## device ARCH=arm64|armv7|riscv64|x86-64: the static Embedded swiftletd, in .build-ARCH/release
# Without the default traits: libcurl belongs to the networked build for the host's own Linux.
device:
	@targets/sdk $(ARCH)
	@swift build -c release --product swiftletd --disable-default-traits --quiet \
	  --swift-sdks-path .build-sdk --swift-sdk swiftlet-$(ARCH) --scratch-path .build-$(ARCH)
