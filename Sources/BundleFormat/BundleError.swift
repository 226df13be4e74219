public import CBOR

/// Why a bundle is refused. All but `incompatible` mean: do not trust these bytes (exit 10).
public enum BundleError: Error, Equatable, Sendable {
  /// Not a bundle at all.
  case notABundle
  /// Written in a later form of the container.
  case containerVersion(UInt16)
  /// The container's own fields contradict the file.
  case corrupt(String)
  /// The signature block is not what its format says.
  case signatureBlock(String)
  /// A signature does not match the manifest: one of them was changed.
  case badSignature(key: String)
  /// Intact, but signed by nobody who is trusted here.
  case untrusted(signers: [String])
  /// Signed with a development key where only release keys count.
  case development
  /// The manifest is signed but not one this version reads.
  case manifest(CBORError)
  /// A section's bytes differ from what the manifest states.
  case section(kind: String, reason: String)
  /// A section the caller needs is not there.
  case missingSection(String)

  /// What was wrong, where, and what to do.
  public var message: String {
    switch self {
    case .notABundle: return "this is not a Swiftlet bundle"
    case .containerVersion(let version):
      return "bundle container version \(version) is newer than this program; update it"
    case .corrupt(let reason): return "the bundle is corrupt: \(reason)"
    case .signatureBlock(let reason): return "the bundle's signatures are corrupt: \(reason)"
    case .badSignature(let key):
      return "the signature of key \(key) does not match: the bundle was changed after signing"
    case .untrusted(let signers):
      var list = ""
      for signer in signers { list += list.isEmpty ? signer : ", " + signer }
      return "no trusted key signed this bundle; it is signed by \(list)"
    case .development:
      return "this bundle is signed with a development key; sign it with a release key"
    case .manifest(let error): return "the manifest is not valid: \(error.message)"
    case .section(let kind, let reason): return "section \(kind) is corrupt: \(reason)"
    case .missingSection(let kind): return "the bundle has no section \(kind)"
    }
  }
}
