// A host lists every architecture's kernels, to measure images for targets; a device its own.
#if arch(arm64) || arch(arm) || !hasFeature(Embedded)
  import CMicrokernels

  extension KernelTable {
    /// The kernels of ARM, fastest first. Activations are read as the arena holds them.
    static let arm: [Kernel] = i8mm + dotprod + neon + words

    /// The kernels of layers of int16 (16x8).
    private static let words: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 1, staging: StagingKernel(.words, nil), scales: .neonWords,
        groups: StripGroups(
          eight: swl_qs16_qs8_conv_1x32c1__neon, four: swl_qs16_qs8_conv_2x16c1__neon,
          two: swl_qs16_qs8_conv_4x8c1__neon, one: swl_qs16_qs8_conv_4x4c1__neon))
      let depthwise = DepthwiseKernel(
        lanes: 4, depth: 1, element: .words, scales: .neonWords,
        interleave: swl_interleave1_x16__neon, loop: swl_qs16_qs8_dwconv_4c1__neon)
      return [
        Kernel(66, "qs16-qs8-conv-2x16c1-neon", .neon, .strip(dense)),
        Kernel(67, "qs16-qs8-dwconv-4c1-neon", .neon, .depthwise(depthwise)),
        Kernel(
          68, "qs16-vadd-x8-neon", .neon, .wordSum(WordSumKernel(loop: swl_qs16_vadd_x8__neon))),
      ]
    }()

    private static let staging = StagingKernel(.signed8, swl_stage_s8__neon)

    /// Products of two pixels by two channels; a single pixel is a dot product's.
    private static let i8mm: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 8, pixelsMin: 2, staging: staging, scales: .neon,
        groups: StripGroups(
          eight: nil, four: swl_qs8_conv_4x16c8__i8mm, two: swl_qs8_conv_8x8c8__i8mm,
          one: swl_qs8_conv_8x4c8__i8mm))
      return [Kernel(80, "qs8-conv-4x16c8-i8mm", .i8mm, .strip(dense))]
    }()

    private static let dotprod: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 4, staging: staging, scales: .neon,
        groups: StripGroups(
          eight: swl_qs8_conv_1x32c4__dotprod, four: swl_qs8_conv_6x16c4__dotprod,
          two: swl_qs8_conv_8x8c4__dotprod, one: swl_qs8_conv_8x4c4__dotprod))
      let depthwise = DepthwiseKernel(
        lanes: 4, depth: 4, element: .signed8, scales: .neon,
        interleave: swl_interleave4_s8__dotprod, loop: swl_qs8_dwconv_16c4__dotprod)
      return [
        Kernel(70, "qs8-conv-6x16c4-dotprod", .dotprod, .strip(dense)),
        Kernel(71, "qs8-dwconv-16c4-dotprod", .dotprod, .depthwise(depthwise)),
      ]
    }()

    /// 16 bits hold two products, unless both weights are -128.
    private static let neon: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 2, weightMin: -127, staging: staging, scales: .neon,
        groups: StripGroups(
          eight: swl_qs8_conv_1x32c2__neon, four: swl_qs8_conv_2x16c2__neon,
          two: swl_qs8_conv_4x8c2__neon, one: swl_qs8_conv_4x4c2__neon))
      let depthwise = DepthwiseKernel(
        lanes: 4, depth: 2, element: .signed8, scales: .neon, weightMin: -127,
        interleave: swl_interleave2_s8__neon, loop: swl_qs8_dwconv_8c2__neon)
      let pool = PoolKernel(sum: swl_s8_position_sum__neon, maximum: swl_s8_position_maximum__neon)
      let winograd = WinogradKernel(
        lanes: 4, depth: 1, channelsMultiple: 4, groupVectors: 4, blockTiles: 4, staging: staging,
        scales: .neon, weightLimit: 1 << 19, inputs: swl_winograd_inputs_c8__neon,
        loop: swl_qs8_conv_winograd_4x16__neon)
      return [
        Kernel(69, "qs8-conv-winograd-4x16-neon", .neon, .winograd(winograd)),
        Kernel(60, "qs8-conv-2x16c2-neon", .neon, .strip(dense)),
        Kernel(61, "qs8-dwconv-8c2-neon", .neon, .depthwise(depthwise)),
        Kernel(
          65, "qs8-vadd-x32-neon", .neon,
          .sum(SumKernel(loop: swl_qs8_vadd_x32__neon, form: .digits))),
        Kernel(63, "s8-pool-x16-neon", .neon, .pool(pool)),
        Kernel(64, "x8-lut-x16-neon", .neon, .lookup(LookupKernel(loop: swl_x8_lut__neon))),
      ]
    }()
  }
#endif
