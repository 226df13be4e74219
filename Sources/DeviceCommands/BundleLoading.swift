public import BundleFormat
public import CommandLineKit
public import DeviceRuntime
public import Kernels
import PlanFormat
import Sealing
import System

/// Opens bundles for commands: verified always, with keys from the command line.
public enum BundleLoading {
  /// The options every command that opens a bundle has.
  public static let options: [OptionSpec] = [
    .value(
      "trust", "PUB", "public key of an author; without it, this user's development key",
      repeatable: true),
    .flag("allow-development", "accept a bundle signed with a development key"),
  ]

  /// Reads and verifies a bundle.
  ///
  /// - Throws: exit 10 when it is not intact or nobody trusted signed it.
  public static func open(
    _ path: String, _ parsed: ParsedArguments, _ environment: CommandEnvironment
  ) throws(CommandFailure) -> VerifiedBundle {
    var trust = TrustPolicy(keys: [], allowsDevelopment: parsed.flag("--allow-development"))
    for file in parsed.values("--trust") { trust.keys.append(try publicKey(file)) }
    if trust.keys.isEmpty {
      trust.keys = environment.developmentKeys()
      trust.allowsDevelopment = true
      guard !trust.keys.isEmpty else {
        throw CommandFailure(
          .usage, "no key is trusted", hint: "add --trust KEY.pub, the author's public key")
      }
    }
    return try verify(try Files.read(path, limit: BundleLimits.fileBytes), trust)
  }

  /// Reads a bundle that is intact, whoever signed it: nothing of it may be run.
  ///
  /// - Throws: exit 10 when it is not.
  public static func intact(_ path: String) throws(CommandFailure) -> VerifiedBundle {
    try initializeCrypto()
    let bytes = try Files.read(path, limit: BundleLimits.fileBytes)
    let verifier = BundleVerifier(opener: SodiumZstd())
    do throws(BundleError) {
      let keys = try verifier.peek(bytes).signatures.map { $0.publicKey }
      return try verifier.verify(bytes, trust: TrustPolicy(keys: keys, allowsDevelopment: true))
    } catch {
      throw CommandFailure(.untrusted, "\(path): \(error.message)")
    }
  }

  /// Verifies a bundle's bytes.
  public static func verify(
    _ bytes: [UInt8], _ trust: TrustPolicy
  ) throws(CommandFailure) -> VerifiedBundle {
    try initializeCrypto()
    do throws(BundleError) {
      return try BundleVerifier(opener: SodiumZstd()).verify(bytes, trust: trust)
    } catch {
      throw CommandFailure(.untrusted, error.message, hint: hint(for: error))
    }
  }

  /// A session on a verified bundle's main plan, packed in memory for the kernels and threads that
  /// `kernelOptions` ask for.
  public static func session(
    _ bundle: VerifiedBundle, _ parsed: ParsedArguments
  ) throws(CommandFailure) -> Session {
    try session(
      bundle, tier: try tier(parsed), preferring: try preference(parsed),
      threads: try threads(parsed))
  }

  /// A session on a verified bundle's main plan, packed in memory.
  public static func session(
    _ bundle: VerifiedBundle, tier: KernelTier = .best, preferring preference: KernelPreference,
    threads: Int = 1
  ) throws(CommandFailure) -> Session {
    let (plan, weights): ([UInt8], [UInt8])
    do throws(BundleError) {
      (plan, weights) = (try bundle.section(.plan), try bundle.section(.weights))
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
    let session: Session
    do throws(RuntimeError) {
      session = try Session(
        plan: plan, weights: weights, tier: tier, preferring: preference, threads: threads)
    } catch .threads(let count) {
      throw CommandFailure(.failed, RuntimeError.threads(count).message)
    } catch {
      throw CommandFailure(
        .untrusted, BundleError.section(kind: "plan", reason: error.message).message)
    }
    try check(bundle.manifest.plans[0], session.plan)
    return session
  }

  /// Ports that are not their tensors would have items read past them.
  private static func check(_ entry: PlanEntry, _ plan: Plan) throws(CommandFailure) {
    guard entry.inputs.count == plan.inputs.count, entry.outputs.count == plan.outputs.count else {
      throw CommandFailure(.untrusted, "the manifest lists other inputs and outputs than the plan")
    }
    for (port, index) in zip(entry.inputs + entry.outputs, plan.inputs + plan.outputs) {
      let tensor = plan.tensors[index.position]
      var elements: UInt64 = 1
      for size in port.shape {
        elements = elements.multipliedReportingOverflow(by: size).partialValue
      }
      let count = port.ranks.isEmpty ? elements : UInt64(port.ranks.count)
      guard count == UInt64(tensor.elementCount),
        port.element.utf8.elementsEqual(tensor.element.name.utf8)
      else {
        throw CommandFailure(
          .untrusted, "\(port.name) has another size or element in the manifest than in the plan")
      }
    }
  }

  /// Which kernels a device prefers.
  public static let preferenceOption = OptionSpec.value(
    "prefer", "speed|size", "which kernels: fastest, the default, or those of smaller images")

  /// Which kernels run, and on how many threads.
  public static let kernelOptions: [OptionSpec] = [
    .value("cpu-features", "LIST", "kernels to use, e.g. scalar"),
    preferenceOption,
    .value("threads", "N", "threads that share each inference; 1 by default, same results"),
  ]

  /// What was asked for with `--prefer`.
  public static func preference(
    _ parsed: ParsedArguments
  ) throws(CommandFailure) -> KernelPreference {
    guard let name = parsed.value("--prefer") else { return .speed }
    guard let preference = KernelPreference(rawValue: name) else {
      throw CommandFailure(.usage, "--prefer wants speed or size, not '\(name)'")
    }
    return preference
  }

  /// The threads asked for with `--threads`.
  public static func threads(_ parsed: ParsedArguments) throws(CommandFailure) -> Int {
    Int(try parsed.integer("--threads", in: 1...64) ?? 1)
  }

  /// The 32 bytes of a public key file.
  public static func publicKey(_ path: String) throws(CommandFailure) -> [UInt8] {
    let bytes = try Files.read(path, limit: KeyFile.sizeLimit)
    do throws(SealingError) {
      return try KeyFile.parsePublic(bytes)
    } catch {
      throw CommandFailure(.failed, "\(path): \(error.message)")
    }
  }

  /// Starts libsodium; signatures cannot be checked without it.
  public static func initializeCrypto() throws(CommandFailure) {
    do throws(SealingError) {
      try Crypto.initialize()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// The tier asked for with `--cpu-features`, or the best.
  public static func tier(_ parsed: ParsedArguments) throws(CommandFailure) -> KernelTier {
    guard let name = parsed.value("--cpu-features") else { return .best }
    guard let tier = KernelTier(name: name) else {
      var known = ""
      for tier in KernelTier.allCases { known += known.utf8.isEmpty ? tier.name : ", \(tier.name)" }
      throw CommandFailure(.usage, "no kernels are called '\(name)'", hint: "known: \(known)")
    }
    guard tier.isAvailable else {
      throw CommandFailure(.incompatible, "this CPU does not run \(name) kernels")
    }
    return tier
  }

  private static func hint(for error: BundleError) -> String? {
    switch error {
    case .untrusted: "pass the author's public key with --trust KEY.pub"
    case .development: "for a trial, add --allow-development"
    default: nil
    }
  }
}
