import CMicrokernels

extension KernelTable {
  /// AVX-512 with VNNI and VBMI. The loops are missing on other architectures, where the table only
  /// serves to measure.
  static let avx512vnni: [Kernel] = {
    #if arch(x86_64)
      let stage = StagingKernel(element: .unsigned8, copy: swl_stage_u8__avx512vnni)
      let groups = StripGroups(
        eight: swl_qs8_conv_1x128c4__avx512vnni, four: swl_qs8_conv_6x64c4__avx512vnni,
        two: swl_qs8_conv_8x32c4__avx512vnni, one: swl_qs8_conv_8x16c4__avx512vnni,
        hasEight: true)
      let depthwise = DepthwiseKernel(
        lanes: 16, depth: 4, element: .unsigned8, scales: .x86,
        interleave: swl_interleave4_u8__avx512vnni, loop: swl_qs8_dwconv_64c4__avx512vnni)
      let sum = SumKernel(loop: swl_qs8_vadd_x64__avx512vnni)
      let pool = PoolKernel(
        sum: swl_s8_position_sum__avx512vnni, maximum: swl_s8_position_maximum__avx512vnni)
      let lookup = LookupKernel(loop: swl_x8_lut__avx512vnni)
    #else
      let stage = StagingKernel(element: .unsigned8, copy: nil)
      let groups = StripGroups(hasEight: true)
      let depthwise = DepthwiseKernel(
        lanes: 16, depth: 4, element: .unsigned8, scales: .x86, interleave: nil, loop: nil)
      let sum = SumKernel(loop: nil)
      let pool = PoolKernel(sum: nil, maximum: nil)
      let lookup = LookupKernel(loop: nil)
    #endif
    let strip = StripKernel(lanes: 16, depth: 4, staging: stage, scales: .x86, groups: groups)
    return [
      Kernel(50, "qs8-conv-6x64c4-avx512vnni", .avx512vnni, .strip(strip)),
      Kernel(51, "qs8-dwconv-64c4-avx512vnni", .avx512vnni, .depthwise(depthwise)),
      Kernel(52, "qs8-vadd-x64-avx512vnni", .avx512vnni, .sum(sum)),
      Kernel(53, "s8-pool-x64-avx512vnni", .avx512vnni, .pool(pool)),
      Kernel(54, "x8-lut-x64-avx512vnni", .avx512vnni, .lookup(lookup)),
    ]
  }()
}
