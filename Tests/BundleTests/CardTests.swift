import BundleFormat
import Bundling
import CBOR
import Foundation
import JSON
import ModelCards
import Sealing
import TestSupport
import Testing

/// What a bundle says to people: the section, the card made of it, the bill of materials.
@Suite("model cards") struct CardTests {
  static let section: CardSection = {
    var statement = CardStatement()
    statement.description = "Tells <one> thing | from another"
    statement.owner = "The *owners*"
    statement.dataLicence = "by permission of the museum"
    statement.intendedUse = ["sorting"]
    statement.limits = ["fails at night"]
    statement.considerations = ["sees faces"]
    return CardSection(
      statement: statement,
      data: [
        DataFacts(
          role: "calibration", items: 1200, groups: 3, classes: [700, 500],
          spreads: [
            DataFacts.Spread(
              name: "image", minimum: -1, mean: 0.25, deviation: 0.5, maximum: 1, missing: 2)
          ])
      ])
  }()

  static func card(_ section: CardSection?) throws -> ModelCard {
    let bundle = try SampleBundle.verify(try SampleBundle.bytes())
    var manifest = bundle.manifest
    manifest.provenance.sources.append(
      Provenance.Source(role: "calibration", digest: [UInt8](repeating: 5, count: 32)))
    return ModelCard(
      manifest: manifest, section: section, release: bundle.release, signers: ["ab"])
  }

  static func bill(_ section: CardSection?) throws -> JSONValue {
    BillOfMaterials(
      card: try card(section), fileDigest: [UInt8](repeating: 1, count: 32),
      runtime: RuntimeLibrary(name: "swiftletd", version: "0.1.0", licence: "Apache-2.0")
    ).json
  }

  @Test("a section reads back; with any byte changed it is another one or none")
  func coding() throws {
    let bytes = Self.section.encoded()
    #expect(try CardSection(decoding: bytes) == Self.section)
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 0x20
      let read = try? CardSection(decoding: damaged)
      #expect(read != Self.section, "byte \(position)")
      #expect((try? CardSection(decoding: Array(bytes[..<position]))) == nil)
    }
  }

  @Test("a section with an unknown key, an empty text or too many items is refused")
  func refusedSections() throws {
    func decode(_ statement: CBORMap) -> CBORError? {
      let bytes = CBORValue.map([
        "schema": .unsigned(1), "statement": .map(statement), "data": .array([]),
      ]).encoded()
      do throws(CBORError) {
        _ = try CardSection(decoding: bytes)
        return nil
      } catch {
        return error
      }
    }
    #expect(decode(["owner": .text("we")]) == nil)
    #expect(decode(["colour": .text("red")]) == .unexpectedKey(path: "statement.colour"))
    #expect(decode(["owner": .text("")]) == .outOfRange(path: "statement.owner"))
    let many = CBORValue.array(Array(repeating: .text("x"), count: CardStatement.listLimit + 1))
    #expect(decode(["limits": many]) == .outOfRange(path: "statement.limits"))
  }

  @Test("a recipe's card has the keys of a card, and no other")
  func recipes() throws {
    let recipe = try Recipe(
      json5: Data(
        """
        { name: "m", version: "1.0.0", sequence: 1, model: "m.onnx",
          card: { owner: "we", limits: ["a", "b"] } }
        """.utf8))
    #expect(recipe.card?.owner == "we")
    #expect(recipe.card?.limits == ["a", "b"])
    #expect(recipe.card?.users == [])
    let misspelt =
      "{ name: \"m\", version: \"1.0.0\", sequence: 1, model: \"m\", card: { ownr: \"we\" } }"
    let error = #expect(throws: RecipeError.self) { try Recipe(json5: Data(misspelt.utf8)) }
    #expect(error?.reason.contains("card.ownr") == true)
  }

  @Test("Markdown shows stated text as it was stated, and says what is not")
  func markdown() throws {
    let text = try Self.card(Self.section).markdown
    #expect(text.contains("Tells \\<one\\> thing \\| from another\n"))
    #expect(text.contains("- **Owner**: The \\*owners\\*\n"))
    #expect(text.contains("| calibration |"))
    #expect(text.contains(" 1,200 | 3 |\n"))
    #expect(text.contains("| image | -1 | 0.25 | 0.5 | 1 | 2 |\n"))
    let bare = try Self.card(nil).markdown
    #expect(bare.contains("the recipe has no card.intendedUse."))
    #expect(bare.contains("- **Owner**: not stated\n"))
  }

  @Test("a page holds no markup that somebody stated")
  func page() throws {
    let page = try Self.card(Self.section).page
    #expect(page.contains("Tells &lt;one&gt; thing | from another"))
    #expect(!page.contains("<one>"))
    #expect(!page.contains("http"))
  }

  @Test("licences: identifiers and expressions of SPDX as such, sentences by name")
  func licences() throws {
    let model = try Self.bill(Self.section)["components"]?.array ?? []
    func licences(_ name: String) -> JSONValue? {
      model.first { $0["name"]?.string == name }?["licenses"]?.array?.first
    }
    #expect(licences("libsodium")?["license"]?["id"]?.string == "ISC")
    #expect(licences("libzstd")?["expression"]?.string == "BSD-3-Clause OR GPL-2.0-only")
    #expect(
      licences("libgcc")?["expression"]?.string == "GPL-3.0-or-later WITH GCC-exception-3.1")
    #expect(
      licences("calibration data")?["license"]?["name"]?.string == "by permission of the museum")
  }

  @Test("the same bundle gives the same bill; the serial number is the release's")
  func billIsDeterministic() throws {
    let bill = try Self.bill(Self.section)
    #expect(bill.canonical() == (try Self.bill(Self.section).canonical()))
    let serial = try #require(bill["serialNumber"]?.string)
    let release = try Self.card(nil).release
    let digits = serial.replacingOccurrences(of: "urn:uuid:", with: "").filter { $0 != "-" }
    #expect(digits.count == 32)
    // All but the version and the two bits of the variant.
    #expect(digits.prefix(12) == release.prefix(12))
    #expect(digits.suffix(15) == release.prefix(32).suffix(15))
    #expect(bill["metadata"]?["timestamp"] == nil)
  }

  @Test(
    "CycloneDX's own validator accepts the bill",
    .enabled(
      if: Tool.isInstalled(COSEOracleTests.python), "SWIFTLET_PYTHON names no interpreter"),
    arguments: [CardTests.section, nil])
  func billIsValid(_ section: CardSection?) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("cyclonedx_check.py").path
    var writer = JSONWriter(indented: true)
    writer.value(try Self.bill(section))
    let folder = try TemporaryFolder()
    let path = try folder.write("bom.json", writer.bytes)
    let outcome = try Tool.run(path: COSEOracleTests.python, [script, path])
    #expect(outcome.code == 0, "\(outcome.errorText)")
    // The validator is awake: a bill without its format is none.
    let text = writer.string.replacingOccurrences(of: "CycloneDX\"", with: "Cyclone\"")
    let broken = try folder.write("broken.json", Array(text.utf8))
    #expect(try Tool.run(path: COSEOracleTests.python, [script, broken]).code == 1)
  }
}
