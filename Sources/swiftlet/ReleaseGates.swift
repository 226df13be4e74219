import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Evaluation
import Kernels
import Sealing

/// Makes a bundle, tests it, and holds it against its gates, in this order: test data is opened when
/// nothing can change any more.
struct ReleaseGates {
  private let order: ReleaseOrder
  private let console: Console

  init(_ order: ReleaseOrder, _ console: Console) {
    self.order = order
    self.console = console
  }

  /// - Returns: the bundle, not to be written unless every verdict holds.
  func pack(
    signer: Ed25519KeyPair
  ) throws(CommandFailure) -> (outcome: PackOutcome, verdicts: [GateVerdict]) {
    let champion = try champion(signer)
    var draft = try HostEnvironment.packing { () throws(PackError) in
      try Packer(order.request, progress: progress).draft()
    }
    var dataset = draft.aside
    if let test = order.test {
      dataset = try test.dataset(DataInterface(draft.manifest.plans[0]))
    }
    let isTested = dataset != nil || !order.gates.isEmpty
    var championData: Dataset?
    if let champion, dataset != nil, order.gates.contains(where: \.needsChampion) {
      guard draft.aside == nil else {
        throw CommandFailure(
          .failed, "a champion is compared on test data of its own, not on test.share",
          hint: "add test.data")
      }
      championData = try order.test?.dataset(DataInterface(champion.plan))
    }
    if isTested { progress("testing") }
    let sources = try order.test?.sources() ?? []
    return try HostEnvironment.packing { () throws(PackError) in
      guard isTested else { return (try draft.sealed(signer: signer), []) }
      var test = ReleaseTest(draft, gates: order.gates)
      var (evidence, notes) = try test.measure(
        dataset, champion: champion, championData: championData)
      notes += dataset?.notes ?? []
      draft = test.draft
      draft.add(test.report(evidence), sources: sources, notes: notes)
      progress("sealing")
      let outcome = try draft.sealed(signer: signer)
      evidence.bundleBytes = outcome.bytes.count
      let judge = GateJudge(evidence)
      var verdicts: [GateVerdict] = []
      for gate in order.gates { verdicts.append(try judge.verdict(gate)) }
      return (outcome, verdicts)
    }
  }

  private func progress(_ stage: String) {
    console.progress("\(order.request.name): \(stage) …")
  }

  /// The release in service, verified with the keys the recipe trusts, else with the key that signs
  /// this one and this user's development key.
  private func champion(_ signer: Ed25519KeyPair) throws(CommandFailure) -> ReleasedModel? {
    guard let champion = order.champion else { return nil }
    var trust = TrustPolicy(keys: [], allowsDevelopment: true)
    for file in champion.trust ?? [] { trust.keys.append(try BundleLoading.publicKey(file)) }
    if trust.keys.isEmpty {
      trust.keys = [signer.publicKey] + HostEnvironment.environment.developmentKeys()
    }
    let bytes = try Files.read(champion.bundle, limit: BundleLimits.fileBytes)
    do throws(CommandFailure) {
      let bundle = try BundleLoading.verify(bytes, trust)
      return ReleasedModel(
        session: try BundleLoading.session(bundle, preferring: .speed),
        plan: bundle.manifest.plans[0],
        bytes: bytes.count)
    } catch {
      throw CommandFailure(
        error.code, "\(champion.bundle): \(error.message)",
        hint: error.code == .untrusted
          ? "name its author's public key in the recipe: champion.trust" : error.hint)
    }
  }
}
