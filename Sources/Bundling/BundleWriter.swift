public import BundleFormat
import HostSealing
import Sealing

/// Compresses sections, completes the manifest with their digests, signs: the same inputs give the
/// same bytes.
public struct BundleWriter {
  /// A section before compression.
  public struct Content: Sendable {
    /// Kind.
    public var kind: Section.Kind
    /// The plan it belongs to, or empty.
    public var plan: String
    /// Raw bytes.
    public var bytes: [UInt8]
    /// How they are laid out, where compression can use it.
    public var layout: WeightsLayout?

    /// Creates a section.
    public init(
      kind: Section.Kind, plan: String = "", bytes: [UInt8], layout: WeightsLayout? = nil
    ) {
      self.kind = kind
      self.plan = plan
      self.bytes = bytes
      self.layout = layout
    }
  }

  /// zstd level: the highest whose window every device accepts.
  public static let level = 19

  /// Writes a bundle.
  ///
  /// - Parameter manifest: complete but for its sections.
  /// - Throws: `PackError` when a section cannot be compressed or the signer fails.
  public static func write(
    _ manifest: Manifest, contents: [Content], signer: some BundleSigner
  ) throws(PackError) -> [UInt8] {
    var manifest = manifest
    manifest.sections = []
    var stored: [[UInt8]] = []
    var offset = 0
    for content in contents {
      let frame = try compress(content)
      manifest.sections.append(
        Section(
          kind: content.kind, plan: content.plan, offset: UInt64(offset),
          storedBytes: UInt64(frame.count), storedDigest: SHA256.digest(frame),
          rawBytes: UInt64(content.bytes.count), rawDigest: SHA256.digest(content.bytes),
          arrangementBytes: UInt64(content.layout?.arrangement.encoded().count ?? 0)))
      stored.append(frame)
      offset = (offset + frame.count + 63) / 64 * 64
    }
    do throws(BundleError) {
      return try BundleSigning.assemble(manifest: manifest, sections: stored, signer: signer)
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  private static func compress(_ content: Content) throws(PackError) -> [UInt8] {
    do throws(ZstdEncoder.Failure) {
      guard let layout = content.layout else {
        return try ZstdEncoder.compress(content.bytes, level: level)
      }
      return try ZstdEncoder.compress(
        layout.stored(content.bytes), level: level, parts: layout.parts)
    } catch {
      throw PackError(.failed, "section \(content.kind.rawValue): \(error.message)")
    }
  }
}
