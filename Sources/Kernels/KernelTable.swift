/// Every kernel of this build. A host's build lists those of all architectures, so that images can be
/// measured for a target before they are made there; a device's build lists its own.
package enum KernelTable {
  /// Serves every layer.
  static let scalar = Kernel(0, "scalar", .scalar, .scalar)

  /// Of those a tier includes, the first that serves a layer is the fastest for it.
  package static let fastestFirst: [Kernel] = {
    var kernels: [Kernel] = []
    #if arch(x86_64) || !hasFeature(Embedded)
      kernels += x86
    #endif
    #if arch(arm64) || arch(arm) || !hasFeature(Embedded)
      kernels += arm
    #endif
    return kernels + [scalar]
  }()
}
