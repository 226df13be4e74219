public import BundleFormat

/// The release a delta starts from: its manifest and the content of its sections.
public struct DeltaBase: Sendable {
  struct Part {
    let section: Section
    let content: [UInt8]
  }

  /// SHA-256 of its manifest.
  public let release: [UInt8]
  let parts: [Part]
  private let manifestBytes: [UInt8]

  /// The base that a whole bundle is.
  ///
  /// - Throws: `BundleError` if it lacks a section of its manifest.
  public init(_ bundle: VerifiedBundle) throws(BundleError) {
    release = bundle.release
    manifestBytes = bundle.manifestBytes
    var parts: [Part] = []
    for section in bundle.manifest.sections {
      parts.append(
        Part(section: section, content: try bundle.section(section.kind, plan: section.plan)))
    }
    self.parts = parts
  }

  /// The content of a section; nil where the base has none of that kind and plan.
  package func content(like section: Section) -> [UInt8]? {
    part(like: section)?.content
  }

  func part(like section: Section) -> Part? {
    parts.first {
      $0.section.kind == section.kind && $0.section.plan.utf8.elementsEqual(section.plan.utf8)
    }
  }

  /// What the frame of a delta may refer to: the manifest, then all sections but weights, as far as a
  /// reader holds them.
  package var prefix: [UInt8] {
    var bytes = manifestBytes
    for part in parts where part.section.kind != .weights {
      if bytes.count >= DeltaFormat.prefixBytes { break }
      bytes += part.content
    }
    return Array(bytes.prefix(DeltaFormat.prefixBytes))
  }
}
