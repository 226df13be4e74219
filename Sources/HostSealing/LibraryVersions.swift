import CSodium
import CZstd

/// Versions of the libraries that this program runs with.
public enum LibraryVersions {
  /// libsodium's, such as `1.0.18`.
  public static var sodium: String { String(cString: sodium_version_string()) }
  /// libzstd's, such as `1.5.4`.
  public static var zstd: String { String(cString: ZSTD_versionString()) }
}
