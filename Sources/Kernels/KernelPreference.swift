/// What decides between kernels that give the same bytes.
public enum KernelPreference: String, Sendable, CaseIterable {
  /// The fastest, whatever room its constants take.
  case speed
  /// Of a device with little room: none whose packed constants are a multiple of the weights.
  case size
}
