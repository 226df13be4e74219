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

  /// A session on a verified bundle's main plan, packed for this CPU in memory.
  public static func session(
    _ bundle: VerifiedBundle, tier: KernelTier
  ) throws(CommandFailure) -> Session {
    let made: Session
    do throws(BundleError) {
      made = try session(
        plan: try bundle.section(.plan), weights: try bundle.section(.weights), tier)
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
    if let port = made.plan.widePort {
      throw CommandFailure(
        .incompatible, "\(port.name) is not int8, as inputs, outputs and taps have to be")
    }
    return made
  }

  private static func session(
    plan: [UInt8], weights: [UInt8], _ tier: KernelTier
  ) throws(BundleError) -> Session {
    do throws(RuntimeError) {
      return try Session(plan: plan, weights: weights, tier: tier)
    } catch {
      throw .section(kind: "plan", reason: error.message)
    }
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
