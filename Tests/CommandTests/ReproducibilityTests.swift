import Foundation
import TestSupport
import Testing
import Wire

/// What a signature is worth, seen from the command line.
@Suite struct ReproducibilityTests {
  /// Nothing of the host may show in a bundle.
  @Test(arguments: [
    (folder: ".", line: "swiftlet pack digits/recipe.json5 --key author -o again.swb"),
    (folder: ".", line: "taskset -c 0 swiftlet pack digits/recipe.json5 --key author -o again.swb"),
    (
      folder: "elsewhere/deep",
      line: "swiftlet pack ../../digits/recipe.json5 --key ../../author -o ../../again.swb"
    ),
  ])
  func packingGivesTheSameBytes(folder: String, line: String) throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(
      atPath: workshop.folder.file("elsewhere/deep"), withIntermediateDirectories: true)
    for environment in [
      ["TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"],
      [
        "TZ": "UTC", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1",
        "LIBDISPATCH_COOPERATIVE_POOL_STRICT": "1",
      ],
    ] {
      let outcome = try workshop.run("cd \(folder) && \(line)", environment: environment)
      #expect(outcome.code == 0, "\(outcome.errorText)")
      #expect(
        try workshop.folder.read("again.swb") == workshop.folder.read("digits.swb"),
        "\(line) with \(environment)")
      try FileManager.default.removeItem(atPath: workshop.folder.file("again.swb"))
    }
  }

  /// One bit anywhere: the library's own tests flip every byte, these go through the executable.
  @Test func aFlippedBitIsRefused() throws {
    let workshop = try Workshop()
    let bundle = try workshop.folder.read("digits.swb")
    let seed: UInt64 = 20_261_121
    var generator = SplitMix64(seed: seed)
    for _ in 0..<64 {
      let position = Int(generator.below(UInt64(bundle.count)))
      let bit = UInt8(generator.below(8))
      var flipped = bundle
      flipped[position] ^= 1 << bit
      try workshop.folder.write("flipped.swb", flipped)
      let outcome = try workshop.run("swiftlet verify --trust author.pub flipped.swb")
      #expect(outcome.code == 10, "seed \(seed), byte \(position), bit \(bit)")
      #expect(outcome.output.isEmpty, "seed \(seed), byte \(position), bit \(bit)")
    }
  }
}
