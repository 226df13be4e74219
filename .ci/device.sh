# shellcheck shell=bash
# Sourced by the checks that run the device executables: where they are and what runs them.

# shellcheck disable=SC2034
device_archs='x86-64 arm64 armv7 riscv64'

fail() {
  echo "swiftlet: error: $*" >&2
  exit 1
}

# The emulators are ordinary Debian packages; binfmt is not needed.
need_qemu() {
  command -v qemu-aarch64-static qemu-arm-static qemu-riscv64-static >/dev/null && return
  echo "installing qemu-user-static" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends qemu-user-static >&2
}

device_executable() { echo ".build-$1/release/swiftletd"; }

# emulator ARCH: the command of targets/ARCH.json5, empty where this machine runs the code itself.
emulator() {
  [ "$1" = x86-64 ] && [ "$(uname -m)" = x86_64 ] && return
  [ "$1" = arm64 ] && [ "$(uname -m)" = aarch64 ] && return
  sed -n 's/^  qemu: \[\(.*\)\],$/\1/p' "targets/$1.json5" | tr -d '",'
}

# run_device ARCH ARGUMENTS…
run_device() {
  local arch=$1
  shift
  # The emulator's words are split on purpose.
  # shellcheck disable=SC2046
  $(emulator "$arch") "$(device_executable "$arch")" "$@"
}

# A static executable asks for no program interpreter and no shared library.
check_static() {
  local headers
  headers=$(LC_ALL=C readelf -lW "$1") || fail "$1 is not an ELF file"
  grep -qE '^ +(INTERP|DYNAMIC) ' <<<"$headers" && fail "$1 is not static"
  return 0
}
