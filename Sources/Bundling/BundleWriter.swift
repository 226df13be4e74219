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

    /// Creates a section.
    public init(kind: Section.Kind, plan: String = "", bytes: [UInt8]) {
      self.kind = kind
      self.plan = plan
      self.bytes = bytes
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
          rawBytes: UInt64(content.bytes.count), rawDigest: SHA256.digest(content.bytes)))
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
      return try ZstdEncoder.compress(content.bytes, level: level)
    } catch {
      throw PackError(.failed, "section \(content.kind.rawValue): \(error.message)")
    }
  }
}
