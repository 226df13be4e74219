#if arch(x86_64) || !hasFeature(Embedded)
  import CMicrokernels

  extension KernelTable {
    /// The kernels of x86-64 for layers of int16 (16x8), fastest first: pairs of products everywhere.
    static let x86Words: [Kernel] = avx512vnni + avxvnni + avx2 + sse41

    private static let staging = StagingKernel(.words, nil)

    private static let avx512vnni: [Kernel] = {
      let dense = StripKernel(
        lanes: 16, depth: 2, staging: staging, scales: .x86,
        groups: StripGroups(
          eight: swl_qs16_qs8_conv_1x128c2__avx512vnni, four: swl_qs16_qs8_conv_6x64c2__avx512vnni,
          two: swl_qs16_qs8_conv_8x32c2__avx512vnni, one: swl_qs16_qs8_conv_8x16c2__avx512vnni))
      let depthwise = DepthwiseKernel(
        lanes: 16, depth: 2, element: .words, scales: .x86,
        interleave: swl_interleave2_x16__avx512vnni,
        loop: swl_qs16_qs8_dwconv_64c2__avx512vnni)
      let sum = WordSumKernel(loop: swl_qs16_vadd_x32__avx512vnni)
      return [
        Kernel(56, "qs16-qs8-conv-6x64c2-avx512vnni", .avx512vnni, .strip(dense)),
        Kernel(57, "qs16-qs8-dwconv-64c2-avx512vnni", .avx512vnni, .depthwise(depthwise)),
        Kernel(58, "qs16-vadd-x32-avx512vnni", .avx512vnni, .wordSum(sum)),
      ]
    }()

    private static let avxvnni: [Kernel] = {
      let dense = StripKernel(
        lanes: 8, depth: 2, staging: staging, scales: .x86,
        groups: StripGroups(
          eight: swl_qs16_qs8_conv_1x64c2__avxvnni, four: nil,
          two: swl_qs16_qs8_conv_6x16c2__avxvnni, one: swl_qs16_qs8_conv_8x8c2__avxvnni,
          hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 8, depth: 2, element: .words, scales: .x86,
        interleave: swl_interleave2_x16__avx2, loop: swl_qs16_qs8_dwconv_32c2__avxvnni)
      return [
        Kernel(45, "qs16-qs8-conv-6x16c2-avxvnni", .avxvnni, .strip(dense)),
        Kernel(46, "qs16-qs8-dwconv-32c2-avxvnni", .avxvnni, .depthwise(depthwise)),
      ]
    }()

    private static let avx2: [Kernel] = {
      let dense = StripKernel(
        lanes: 8, depth: 2, staging: staging, scales: .x86,
        groups: StripGroups(
          eight: swl_qs16_qs8_conv_1x64c2__avx2, four: nil, two: swl_qs16_qs8_conv_6x16c2__avx2,
          one: swl_qs16_qs8_conv_8x8c2__avx2, hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 8, depth: 2, element: .words, scales: .x86,
        interleave: swl_interleave2_x16__avx2, loop: swl_qs16_qs8_dwconv_32c2__avx2)
      let sum = WordSumKernel(loop: swl_qs16_vadd_x16__avx2)
      return [
        Kernel(35, "qs16-qs8-conv-6x16c2-avx2", .avx2, .strip(dense)),
        Kernel(36, "qs16-qs8-dwconv-32c2-avx2", .avx2, .depthwise(depthwise)),
        Kernel(37, "qs16-vadd-x16-avx2", .avx2, .wordSum(sum)),
      ]
    }()

    private static let sse41: [Kernel] = {
      let dense = StripKernel(
        lanes: 4, depth: 2, staging: staging, scales: .sse,
        groups: StripGroups(
          eight: swl_qs16_qs8_conv_1x32c2__sse41, four: nil, two: swl_qs16_qs8_conv_6x8c2__sse41,
          one: swl_qs16_qs8_conv_6x4c2__sse41, hasFour: false))
      let depthwise = DepthwiseKernel(
        lanes: 4, depth: 2, element: .words, scales: .sse,
        interleave: swl_interleave2_x16__sse41, loop: swl_qs16_qs8_dwconv_16c2__sse41)
      let sum = WordSumKernel(loop: swl_qs16_vadd_x8__sse41)
      return [
        Kernel(25, "qs16-qs8-conv-6x8c2-sse41", .sse41, .strip(dense)),
        Kernel(26, "qs16-qs8-dwconv-16c2-sse41", .sse41, .depthwise(depthwise)),
        Kernel(27, "qs16-vadd-x8-sse41", .sse41, .wordSum(sum)),
      ]
    }()
  }
#endif
