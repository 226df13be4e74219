public import BundleFormat

/// A bundle made by a delta, all of it in memory: for a reader that needs its sections whole.
public struct RebuiltBundle {
  /// Applies a delta, and verifies what comes out as if it had come whole.
  ///
  /// - Throws: `DeltaError`.
  public static func apply(
    _ delta: [UInt8], to base: DeltaBase, opener: some DeltaOpener, trust: TrustPolicy
  ) throws(DeltaError) -> VerifiedBundle {
    var sections = CollectedSections()
    let made = try delta.withUnsafeBufferPointer { (bytes) throws(DeltaError) in
      try DeltaReader(opener: opener, trust: trust).apply(
        UnsafeRawBufferPointer(bytes), to: base, into: &sections)
    }
    do throws(BundleError) {
      return try BundleVerifier(opener: opener).verify(
        head: made.bytes, contents: sections.contents, trust: trust)
    } catch {
      throw .bundle(error)
    }
  }
}

private struct CollectedSections: DeltaSink {
  var contents: [[UInt8]] = []
  private var position = 0

  mutating func begin(_ section: Section, position: Int) {
    while contents.count <= position { contents.append([]) }
    self.position = position
    contents[position].reserveCapacity(Int(section.rawBytes))
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) { contents[position] += bytes }
}
