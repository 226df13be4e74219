// A host lists every architecture's kernels, to measure images for targets; a device its own.
#if arch(x86_64) || !hasFeature(Embedded)
  import CMicrokernels

  extension KernelTable {
    /// The kernels of x86-64, fastest first.
    static let x86: [Kernel] = amx + avx512vnni + avxvnni + avx2 + sse41 + x86Words

    /// Tiles, for layers of at least a tile's pixels; the rest is AVX-512's.
    private static let amx: [Kernel] = {
      let dense = StripKernel(
        lanes: 16, depth: 4, stepsPerBlock: 16, pixelsMin: 16, blockMin: 6,
        staging: StagingKernel(.signed8, swl_stage_s8__avx512vnni), scales: .x86,
        groups: StripGroups(
          eight: nil, four: swl_qs8_conv_16x64c64__amx, two: swl_qs8_conv_16x32c64__amx,
          one: swl_qs8_conv_16x16c64__amx))
      return [Kernel(55, "qs8-conv-16x64c64-amx", .amx, .strip(dense))]
    }()

    /// AVX-512 with VNNI and VBMI.
    private static let avx512vnni: [Kernel] = {
      let dense = StripKernel(
        lanes: 16, depth: 4, staging: StagingKernel(.unsigned8, swl_stage_u8__avx512vnni),
        scales: .x86,
        groups: StripGroups(
          eight: swl_qs8_conv_1x128c4__avx512vnni, four: swl_qs8_conv_6x64c4__avx512vnni,
          two: swl_qs8_conv_8x32c4__avx512vnni, one: swl_qs8_conv_8x16c4__avx512vnni))
      let depthwise = DepthwiseKernel(
        lanes: 16, depth: 4, element: .unsigned8, scales: .x86,
        interleave: swl_interleave4_u8__avx512vnni, loop: swl_qs8_dwconv_64c4__avx512vnni)
      let pool = PoolKernel(
        sum: swl_s8_position_sum__avx512vnni, maximum: swl_s8_position_maximum__avx512vnni)
      return [
        Kernel(50, "qs8-conv-6x64c4-avx512vnni", .avx512vnni, .strip(dense)),
        Kernel(51, "qs8-dwconv-64c4-avx512vnni", .avx512vnni, .depthwise(depthwise)),
        Kernel(
          52, "qs8-vadd-x64-avx512vnni", .avx512vnni,
          .sum(SumKernel(loop: swl_qs8_vadd_x64__avx512vnni))),
        Kernel(53, "s8-pool-x32-avx512vnni", .avx512vnni, .pool(pool)),
        Kernel(
          54, "x8-lut-x64-avx512vnni", .avx512vnni,
          .lookup(LookupKernel(loop: swl_x8_lut__avx512vnni))),
      ]
    }()

    /// AVX2 with 256-bit VNNI; what has no products is AVX2's.
    private static let avxvnni: [Kernel] = {
      let dense = StripKernel(
        lanes: 8, depth: 4, staging: StagingKernel(.unsigned8, swl_stage_u8__avx2), scales: .x86,
        groups: StripGroups(
          eight: swl_qs8_conv_1x64c4__avxvnni, four: nil, two: swl_qs8_conv_6x16c4__avxvnni,
          one: swl_qs8_conv_8x8c4__avxvnni, hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 8, depth: 4, element: .unsigned8, scales: .x86,
        interleave: swl_interleave4_u8__avx2, loop: swl_qs8_dwconv_32c4__avxvnni)
      let winograd = WinogradKernel(
        lanes: 8, channelsMin: 64, outputsMin: 12,
        staging: StagingKernel(.signed16, swl_stage_s16__avx2), scales: .x86,
        inputs: swl_winograd_inputs_c16__avxvnni, loop: swl_qs8_conv_winograd_6x16c2__avxvnni)
      return [
        Kernel(42, "qs8-conv-winograd-6x16c2-avxvnni", .avxvnni, .winograd(winograd)),
        Kernel(40, "qs8-conv-6x16c4-avxvnni", .avxvnni, .strip(dense)),
        Kernel(41, "qs8-dwconv-32c4-avxvnni", .avxvnni, .depthwise(depthwise)),
      ]
    }()

    private static let avx2: [Kernel] = {
      let dense = StripKernel(
        lanes: 8, depth: 2, staging: StagingKernel(.signed16, swl_stage_s16__avx2), scales: .x86,
        groups: StripGroups(
          eight: swl_qs8_conv_1x64c2__avx2, four: nil, two: swl_qs8_conv_6x16c2__avx2,
          one: swl_qs8_conv_8x8c2__avx2, hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 8, depth: 2, element: .signed16, scales: .x86,
        interleave: swl_interleave2_s16__avx2, loop: swl_qs8_dwconv_32c2__avx2)
      let pool = PoolKernel(sum: swl_s8_position_sum__avx2, maximum: swl_s8_position_maximum__avx2)
      let winograd = WinogradKernel(
        lanes: 8, staging: StagingKernel(.signed16, swl_stage_s16__avx2), scales: .x86,
        inputs: swl_winograd_inputs_c16__avx2, loop: swl_qs8_conv_winograd_6x16c2__avx2)
      return [
        Kernel(34, "qs8-conv-winograd-6x16c2-avx2", .avx2, .winograd(winograd)),
        Kernel(30, "qs8-conv-6x16c2-avx2", .avx2, .strip(dense)),
        Kernel(31, "qs8-dwconv-32c2-avx2", .avx2, .depthwise(depthwise)),
        Kernel(32, "qs8-vadd-x32-avx2", .avx2, .sum(SumKernel(loop: swl_qs8_vadd_x32__avx2))),
        Kernel(33, "s8-pool-x16-avx2", .avx2, .pool(pool)),
      ]
    }()

    private static let sse41: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 2, staging: StagingKernel(.signed16, swl_stage_s16__sse41), scales: .sse,
        groups: StripGroups(
          eight: swl_qs8_conv_1x32c2__sse41, four: nil, two: swl_qs8_conv_6x8c2__sse41,
          one: swl_qs8_conv_6x4c2__sse41, hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 4, depth: 2, element: .signed16, scales: .sse,
        interleave: swl_interleave2_s16__sse41, loop: swl_qs8_dwconv_16c2__sse41)
      let pool = PoolKernel(
        sum: swl_s8_position_sum__sse41, maximum: swl_s8_position_maximum__sse41)
      let winograd = WinogradKernel(
        lanes: 4, staging: StagingKernel(.signed16, swl_stage_s16__sse41), scales: .sse,
        inputs: swl_winograd_inputs_c8__sse41, loop: swl_qs8_conv_winograd_6x8c2__sse41)
      return [
        Kernel(24, "qs8-conv-winograd-6x8c2-sse41", .sse41, .winograd(winograd)),
        Kernel(20, "qs8-conv-6x8c2-sse41", .sse41, .strip(dense)),
        Kernel(21, "qs8-dwconv-16c2-sse41", .sse41, .depthwise(depthwise)),
        Kernel(22, "qs8-vadd-x16-sse41", .sse41, .sum(SumKernel(loop: swl_qs8_vadd_x16__sse41))),
        Kernel(23, "s8-pool-x8-sse41", .sse41, .pool(pool)),
      ]
    }()
  }
#endif
