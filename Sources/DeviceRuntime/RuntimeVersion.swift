/// What this runtime is called in a manifest's requirements. It rises when a bundle can need
/// something that an earlier one lacks.
public enum RuntimeVersion {
  /// This one.
  public static let current: UInt64 = 1
}
