import BundleFormat
import CBOR
import CommandLineKit
import DeviceCommands
import JSON
import ModelCards
import Sealing

/// What `inspect` makes out of a bundle for readers elsewhere: its card and its bill of materials.
enum BundleDocuments {
  /// Writes the documents that were asked for.
  ///
  /// - Returns: whether one was.
  static func write(
    of path: String, _ parsed: ParsedArguments, _ console: Console
  ) throws(CommandFailure) -> Bool {
    let (wantsCard, wantsBill) = (parsed.flag("--card"), parsed.flag("--bom"))
    guard wantsCard || wantsBill || parsed.value("--html") != nil else { return false }
    guard !(wantsCard && wantsBill) else {
      throw CommandFailure(.usage, "--card and --bom are two documents: ask for one at a time")
    }
    guard ModelFile.isBundle(path) else {
      throw CommandFailure(
        .usage, "\(path) is no bundle: only a bundle has a card and a bill of materials",
        hint: "swiftlet pack makes one")
    }
    let card = try card(of: path)
    if let page = parsed.value("--html") { try Files.write(page, Array(card.page.utf8)) }
    if wantsCard { console.write(card.markdown) }
    if wantsBill {
      let bytes = try Files.read(path, limit: BundleLimits.fileBytes)
      let bill = BillOfMaterials(
        card: card, fileDigest: SHA256.digest(bytes),
        runtime: RuntimeLibrary(
          name: "swiftletd", version: DeviceProgram.version, licence: "Apache-2.0"))
      var writer = JSONWriter(indented: true)
      writer.value(bill.json)
      console.write(writer.bytes + [0x0a])
    }
    return true
  }

  /// The card of an intact bundle, whoever signed it.
  private static func card(of path: String) throws(CommandFailure) -> ModelCard {
    let bundle = try BundleLoading.intact(path)
    let verifier = BundleVerifier(opener: SodiumZstd())
    do throws(BundleError) {
      return ModelCard(
        manifest: bundle.manifest,
        section: bundle.has(.card) ? try section(bundle.section(.card)) : nil,
        release: bundle.release,
        signers: bundle.signatures.map { verifier.identifier(of: $0.publicKey) })
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
  }

  private static func section(_ bytes: [UInt8]) throws(BundleError) -> CardSection {
    do throws(CBORError) {
      return try CardSection(decoding: bytes)
    } catch {
      throw .section(kind: "card", reason: error.message)
    }
  }
}
