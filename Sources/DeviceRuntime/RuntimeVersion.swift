/// What this runtime is called in a manifest's requirements. It rises when a bundle can need
/// something that an earlier one lacks.
public enum RuntimeVersion {
  /// This one: 2 came with ports wider than int8, ranks and links.
  public static let current: UInt64 = 2
}
