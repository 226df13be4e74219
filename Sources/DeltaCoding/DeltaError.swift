public import BundleFormat

/// Why a delta is refused. Nothing of it is used then.
public enum DeltaError: Error, Equatable, Sendable {
  /// Not a delta at all.
  case notADelta
  /// Written in a later form.
  case version(UInt16)
  /// Its bytes contradict themselves or each other.
  case corrupt(String)
  /// It was made for another release than the one it is applied to.
  case otherBase(needed: [UInt8])
  /// The bundle it makes is not one of a trusted author, or not what was signed.
  case bundle(BundleError)

  /// What was wrong, and what to do.
  public var message: String {
    switch self {
    case .notADelta: return "this is not a Swiftlet delta"
    case .version(let version):
      return "delta version \(version) is newer than this program; update it"
    case .corrupt(let reason): return "the delta is corrupt: \(reason)"
    case .otherBase(let needed):
      return
        "the delta is for release \(DeltaFormat.name(of: needed)), which this is not; install the whole bundle"
    case .bundle(let error): return error.message
    }
  }
}
