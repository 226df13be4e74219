import CMicrokernels

/// A family of kernels for one instruction set. Where a tier has no kernel for a layer, one of a tier
/// it includes serves.
public enum KernelTier: UInt8, Sendable, CaseIterable {
  /// Portable Swift: the definition of the numerics.
  case scalar = 1
  /// x86-64 with SSE4.1.
  case sse41 = 2
  /// x86-64 with AVX2.
  case avx2 = 3
  /// x86-64 with 256-bit dot products: small cores since Alder Lake-N.
  case avxvnni = 4
  /// x86-64 with 512-bit dot products and byte permutations: Ice Lake, Zen 4.
  case avx512vnni = 5
  /// x86-64 with tiles: servers since Sapphire Rapids.
  case amx = 6
  /// ARM with NEON: Cortex-A53, A72; ARMv7 boards.
  case neon = 7
  /// ARM with dot products: Cortex-A55, A76.
  case dotprod = 8
  /// ARM with 8-bit matrix products: Cortex-A510, A710.
  case i8mm = 9

  /// Name in `--cpu-features`, `targets/` and tables.
  public var name: String {
    switch self {
    case .scalar: "scalar"
    case .sse41: "sse41"
    case .avx2: "avx2"
    case .avxvnni: "avxvnni"
    case .avx512vnni: "avx512vnni"
    case .amx: "amx"
    case .neon: "neon"
    case .dotprod: "dotprod"
    case .i8mm: "i8mm"
    }
  }

  /// The tier of a name, if there is one.
  public init?(name: String) {
    guard let tier = KernelTier.allCases.first(where: { $0.name == name }) else { return nil }
    self = tier
  }

  /// Whether a CPU of this tier runs the kernels of another.
  func includes(_ other: KernelTier) -> Bool {
    switch (self, other) {
    case (_, .scalar), (.avx2, .sse41), (.avxvnni, .sse41), (.avxvnni, .avx2): true
    case (.avx512vnni, .sse41), (.avx512vnni, .avx2): true
    case (.amx, .sse41), (.amx, .avx2), (.amx, .avx512vnni): true
    case (.dotprod, .neon), (.i8mm, .neon), (.i8mm, .dotprod): true
    default: self == other
    }
  }

  /// The CPU feature that the tier's kernels need (`swl_cpu_features`); 0 for none.
  private var feature: UInt32 {
    switch self {
    case .scalar: 0
    case .sse41: UInt32(SWL_CPU_SSE41)
    case .avx2: UInt32(SWL_CPU_AVX2)
    case .avxvnni: UInt32(SWL_CPU_AVXVNNI)
    case .avx512vnni: UInt32(SWL_CPU_AVX512VNNI)
    case .amx: UInt32(SWL_CPU_AMX_INT8)
    case .neon: UInt32(SWL_CPU_NEON)
    case .dotprod: UInt32(SWL_CPU_DOTPROD)
    case .i8mm: UInt32(SWL_CPU_I8MM)
    }
  }

  private static let cpu: UInt32 = swl_cpu_features()

  /// Whether this CPU runs the tier.
  public var isAvailable: Bool { Self.cpu & feature == feature }

  /// The tiers this CPU runs, slowest first.
  public static var available: [KernelTier] { allCases.filter { $0.isAvailable } }

  /// The fastest tier this CPU runs.
  public static var best: KernelTier { available.last ?? .scalar }
}
