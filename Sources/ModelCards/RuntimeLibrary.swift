import HostSealing

/// A program or a library that a bundle runs with.
public struct RuntimeLibrary: Sendable {
  /// Name.
  public var name: String
  /// Version.
  public var version: String
  /// SPDX expression.
  public var licence: String

  /// Creates a library.
  public init(name: String, version: String, licence: String) {
    self.name = name
    self.version = version
    self.licence = licence
  }

  /// The libraries in `swiftletd`, as `targets/sdk` builds it: libsodium and libzstd are built from the
  /// same release of Debian as those this program runs with, musl and libgcc come with it.
  public static let all: [RuntimeLibrary] = [
    RuntimeLibrary(name: "libsodium", version: LibraryVersions.sodium, licence: "ISC"),
    RuntimeLibrary(
      name: "libzstd", version: LibraryVersions.zstd, licence: "BSD-3-Clause OR GPL-2.0-only"),
    RuntimeLibrary(name: "musl", version: "1.2.3", licence: "MIT"),
    RuntimeLibrary(
      name: "libgcc", version: "12", licence: "GPL-3.0-or-later WITH GCC-exception-3.1"),
    RuntimeLibrary(
      name: "swift-embedded-stdlib", version: "\(_SwiftStdlibVersion.current)",
      licence: "Apache-2.0 WITH Swift-exception"),
  ]
}
