/// The innermost loops, one file per kernel family and instruction set. Everything around them, and
/// the definition they must equal bit for bit, is Swift (module Kernels).
///
/// Names follow XNNPACK: element types, operator, tile (pixels x channels, c = taps taken at once),
/// instruction set: swl_qs8_conv_6x64c4__avx512vnni.
#ifndef SWIFTLET_CMICROKERNELS_H
#define SWIFTLET_CMICROKERNELS_H

#include "cpu-features.h"
#include "microkernel-types.h"

#include "arm.h"
#include "x86.h"

#endif
