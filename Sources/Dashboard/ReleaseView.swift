public import DriftStatistics

/// What a release's page shows, wherever it comes from: a fleet's store or files on a desk.
public struct ReleaseView: Sendable {
  /// Model name.
  public var name: String
  /// Version, for people.
  public var version: String
  /// Orders releases.
  public var sequence: UInt64
  /// The release's identity in hexadecimal.
  public var identifier: String
  /// What is measured; nil for a bundle packed without data.
  public var contract: TelemetryContract?
  /// What the counts are held against.
  public var reference: ReferenceStatistics?
  /// The verdict; nil without a contract.
  public var verdict: Verdict?
  /// The judged counts, summed.
  public var live: WindowCounts?
  /// Devices judged; nil when unknown, as for a spool's folder.
  public var devices: Int?
  /// Windows judged.
  public var windows: Int
  /// Windows kept but not judged.
  public var pendingWindows = 0
  /// Start of the first window, seconds since 1970.
  public var firstStart: Int64?
  /// End of the last window.
  public var lastEnd: Int64?
  /// Start of the first window that alarmed by itself.
  public var driftedSince: Int64?

  /// Creates a view.
  public init(
    name: String, version: String, sequence: UInt64, identifier: String,
    contract: TelemetryContract?, reference: ReferenceStatistics?, verdict: Verdict?,
    live: WindowCounts?, devices: Int?, windows: Int
  ) {
    self.name = name
    self.version = version
    self.sequence = sequence
    self.identifier = identifier
    self.contract = contract
    self.reference = reference
    self.verdict = verdict
    self.live = live
    self.devices = devices
    self.windows = windows
  }

  /// The colour of its verdict.
  var style: String {
    switch verdict?.state {
    case .quiet: "good"
    case .drifted: "bad"
    case .notEnoughData: "wait"
    case nil: ""
    }
  }

  /// Its verdict in two or three words.
  var state: String { verdict?.state.text ?? "not measured" }
}
