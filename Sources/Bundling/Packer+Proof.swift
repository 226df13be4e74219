import BundleFormat
import DeviceRuntime
import DriftStatistics
import Kernels
import Lowering
import ModelGraph
import PlanFormat
import Quantizer
import Sealing
import SignalChain
import Targets

extension Packer {
  /// One certificate per target: the most that any of its kernel tiers takes, whatever this host's
  /// CPU is.
  ///
  /// - Throws: `PackError` where a target's budget is exceeded, saying what and by how much.
  func certificates(of model: LoweredModel) throws(PackError) -> [TargetCertificate] {
    var certificates: [TargetCertificate] = []
    var violations: [String] = []
    var hint = "a smaller model, or another --target"
    for target in request.targets {
      let (tiers, preference) = try kernels(of: target)
      let figures = figures(of: model, tiers, preferring: preference)
      let exceeded = target.violations(of: figures)
      if !exceeded.isEmpty, preference == .speed,
        target.violations(of: self.figures(of: model, tiers, preferring: .size)).isEmpty
      {
        hint =
          "it would fit if \(target.name) had `prefer: \"size\"`, and devices `init --prefer size`"
      }
      violations += exceeded
      certificates.append(
        TargetCertificate(
          target: target.name, targetDigest: SHA256.digest(target.fileBytes),
          arenaBytes: UInt64(figures.arenaBytes), peakBytes: UInt64(figures.peakBytes),
          imageBytes: UInt64(figures.imageBytes)))
    }
    guard violations.isEmpty else {
      throw PackError(
        .deviceLimit, violations.joined(separator: "; "), hint: hint)
    }
    return certificates
  }

  /// What a target's description says of kernels.
  private func kernels(
    of target: Target
  ) throws(PackError) -> (tiers: [KernelTier], preference: KernelPreference) {
    var tiers: [KernelTier] = []
    for name in target.tiers {
      guard let tier = KernelTier(name: name) else {
        throw PackError(
          .failed, "target \(target.name): no kernels are called '\(name)'",
          hint: "known: \(KernelTier.allCases.map(\.name).joined(separator: ", "))")
      }
      tiers.append(tier)
    }
    guard let preference = KernelPreference(rawValue: target.prefer ?? "speed") else {
      throw PackError(
        .failed, "target \(target.name): prefer is '\(target.prefer ?? "")', not speed or size")
    }
    return (tiers, preference)
  }

  /// The most that a model takes on any of the tiers.
  private func figures(
    of model: LoweredModel, _ tiers: [KernelTier], preferring preference: KernelPreference
  ) -> ResourceFigures {
    var figures = ResourceFigures(arenaBytes: 0, imageBytes: 0, peakBytes: 0)
    for tier in tiers {
      let needs = PreparedImage.figures(
        plan: model.plan, weights: model.weights, tier: tier, preferring: preference)
      figures.arenaBytes = max(figures.arenaBytes, needs.arenaBytes + needs.scratchBytes)
      figures.imageBytes = max(figures.imageBytes, needs.imageBytes)
      figures.peakBytes = max(figures.peakBytes, needs.residentBytes)
    }
    return figures
  }

  /// The telemetry contract and its reference, or a note why there is none.
  func makeReference(
    _ rows: [[TensorData]], _ starts: RecordingStarts, _ drafts: [TapDraft],
    _ lowered: LoweredModel, _ encodings: [InputEncoding], ranks: [[RankColumn]],
    notes: inout [String]
  ) throws(PackError) -> (contract: TelemetryContract, reference: ReferenceStatistics)? {
    guard !rows.isEmpty else {
      notes.append(
        "no drift contract: there was no data to make a reference from (--calibration, --reference)"
      )
      return nil
    }
    guard rows.count >= ReferenceBuilder.rowsMin else {
      notes.append(
        "no drift contract: \(rows.count) reference rows are too few, "
          + "\(ReferenceBuilder.rowsMin) are needed (--reference)")
      return nil
    }
    guard !drafts.isEmpty else {
      notes.append("no drift contract: the model compares no feature")
      return nil
    }
    progress("drawing the drift reference")
    if request.referenceFiles.isEmpty {
      notes.append(
        "the drift reference is the calibration data; --reference with more rows makes it sharper")
    }
    return try ReferenceBuilder(
      drafts: drafts, lowered: lowered, encodings: encodings, ranks: ranks,
      windowItems: request.windowItems ?? min(200, max(rows.count / 4, 80)),
      samplingPeriod: request.samplingPeriod, alarmRate: request.alarmRate
    ).make(rows, starts: starts)
  }
}
