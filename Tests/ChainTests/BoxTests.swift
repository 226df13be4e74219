import Arrays
import BundleFormat
import Bundling
import DeviceCommands
import DeviceRuntime
import Foundation
import SignalChain
import TestSupport
import Testing
import Wire

/// Boxes found in a detector's outputs.
@Suite("boxes") struct BoxTests {
  /// Thirty-two boxes of three classes; which are taken of each class is recorded from onnxruntime
  /// 1.31.1's NonMaxSuppression over the same boxes in float32, decoded by numpy. No pair is within
  /// 0.001 of the limit.
  private struct Sample {
    var boxes: String
    var scores: String
    var anchors = ""
    var taken: [[Int]]
  }

  private static let centre = Sample(
    boxes:
      "15d2175125f33c15c60f2e2d25ff365efc145e590215241a10143e57e6cb2d573a382b38ca075431e5312062f2e42d6009ef1d4af52e1f33d3da2a24c9cb4b5ec4f14229c9163740d6d221493c2d5327dbed532d12df264f1e051823e0302d49e62e1f5ff82d534ae3e93d4739c63c39d9222b6130193c25242161302ac42647",
    scores:
      "4fc70b3caa66209ca40a544f251648e9e5a665d85eb888f18da2bd3151a35429d63079b26d6b35025ee6da67944695f453628d295cdf567fcd0efdcb42eeed1b4c6a1101eeab75290383fac4d070941334233ca71580d3b432c1ba9ebcb3f0e5",
    taken: [
      [12, 6, 18, 10, 16, 0, 15, 20], [18, 11, 23, 12, 14, 16, 13, 17],
      [25, 21, 1, 6, 3, 12, 26, 23],
    ])
  private static let anchored = Sample(
    boxes:
      "2315129feb7753e045f188e86a61eb2b3bf7783226d9c36a1b17ee38aecea7e2449beeb7f018dbe91cf020644b19cdf01a35022398e95c5c1cc9fb2b045d061ce901032c5379e0f542c18354d18c3ec0279c98a1db9df1d850659b4ea7d0cd4ae7ac34bfe43e3730bac4dc084684ef2f028dec5b981d01548b4ea8213c2f3e51",
    scores:
      "591399250dcad8af53e3e6708e20612a8730f3f7a34ebf82909b7cfaced85ebde1074e7b749d2b14a7bb1e8677a7a086291dfc779e3880b85c31945dc33b9a6b4fa24393bd5feb56f079ba60a12468be34cfeedf76595a2ed0078d0fe23accc9",
    anchors:
      "19130a0c2c25202526131a10291e1b0a331f09151d2b271116191e2520282121151217112311082419350d21370a18212135091831091812360e1c240e091816373713250e2321103108080b2c101022162a201a16291d2526211218190a271c32300f1510260b0d25350c160a1a1e1c27201e2012171d23181021102c311524",
    taken: [
      [17, 28, 12, 21, 23, 10, 0, 22], [24, 28, 21, 11, 20, 4, 16, 0],
      [8, 11, 3, 4, 19, 18, 28, 23],
    ])

  private static func fixed(_ value: Double) -> Int32 { Int32((value * 65_536).rounded()) }

  private static func table(_ value: (Double) -> Double) -> [Int32] {
    (-128..<128).map { fixed(value(Double($0))) }
  }

  private static func centreRule() -> BoxRule {
    BoxRule(
      boxes: .init(output: 0, first: 0, stride: 4, step: 1),
      scores: .init(output: 1, first: 0, stride: 3, step: 1), count: 32, classes: 3, form: .centre,
      tables: (0..<4).flatMap { _ in table { $0 / 64 } }, isXFirst: true, threshold: 0,
      overlap: 32_768, perClass: 8, detections: 24)
  }

  private static func decode(
    _ rule: BoxRule, _ boxes: [UInt8], _ scores: [UInt8]
  ) -> [Detection] {
    var decoder = BoxDecoder(rule)
    boxes.withUnsafeBytes { boxes in
      scores.withUnsafeBytes { scores in
        // Twice: nothing is left of an item before.
        decoder.decode(boxes: boxes, scores: scores)
        decoder.decode(boxes: boxes, scores: scores)
      }
    }
    return Array(decoder.detections)
  }

  private static func taken(_ detections: [Detection]) -> [[Int]] {
    (0..<3).map { number in detections.filter { $0.topClass == number }.map(\.box) }
  }

  @Test func centresAsOnnxruntime() throws {
    let boxes = try Hex.decode(Self.centre.boxes)
    let scores = try Hex.decode(Self.centre.scores)
    let rule = Self.centreRule()
    #expect(rule.fault == nil)
    let found = Self.decode(rule, boxes, scores)
    #expect(Self.taken(found) == Self.centre.taken)
    #expect(
      zip(found, found.dropFirst()).allSatisfy {
        ($0.level, -$0.topClass) >= ($1.level, -$1.topClass)
      })
    // Fewer of an item: the best of them.
    var fewer = rule
    fewer.detections = 5
    #expect(Self.decode(fewer, boxes, scores) == Array(found.prefix(5)))
    // The same tensors, elements first.
    func turned(_ bytes: [UInt8], _ elements: Int) -> [UInt8] {
      (0..<bytes.count).map { bytes[$0 % 32 * elements + $0 / 32] }
    }
    var other = rule
    other.boxes = .init(output: 0, first: 0, stride: 1, step: 32)
    other.scores = .init(output: 0, first: 128, stride: 1, step: 32)
    let one = turned(boxes, 4) + turned(scores, 3)
    #expect(other.scores.fits(boxes: 32, elements: 3, within: one.count))
    #expect(!other.scores.fits(boxes: 32, elements: 3, within: one.count - 1))
    #expect(Self.decode(other, one, one) == found)
    // A background class finds nothing, and a threshold of 128 neither.
    other = rule
    other.firstClass = 1
    #expect(Self.taken(Self.decode(other, boxes, scores)) == [[]] + Self.centre.taken.dropFirst())
    other.threshold = 128
    #expect(Self.decode(other, boxes, scores).isEmpty)
  }

  @Test func anchorsAsOnnxruntime() throws {
    let anchors = try Hex.decode(Self.anchored.anchors).map { Self.fixed(Double($0) / 64) }
    var rule = Self.centreRule()
    rule.form = .anchors
    rule.anchors = anchors
    rule.isXFirst = false
    rule.overlap = Self.fixed(0.4)
    let offset = Self.table { $0 / 320 }
    let growth = Self.table { exp($0 / 160) }
    rule.tables = offset + offset + growth + growth
    #expect(rule.fault == nil)
    let found = Self.decode(
      rule, try Hex.decode(Self.anchored.boxes), try Hex.decode(Self.anchored.scores))
    #expect(Self.taken(found) == Self.anchored.taken)
    // Edges of numpy in float64.
    let edges: [Int: [Double]] = [
      17: [0.141411, 0.524711, 0.563569, 0.758101],
      23: [-0.000383, -0.256759, 0.442668, 0.438009],
    ]
    for (box, edges) in edges {
      let detection = try #require(found.first { $0.box == box })
      for (edge, value) in zip(
        [detection.top, detection.left, detection.bottom, detection.right], edges)
      {
        #expect(abs(Double(edge) / 65_536 - value) < 4e-5)
      }
    }
  }

  /// Every form, against suppression of all boxes sorted, in plain arithmetic.
  @Test func againstTheDefinition() {
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let (count, classes) = (1 + Int(random.below(60)), 1 + Int(random.below(4)))
      let boxes = random.bytes(count * 4)
      let scores = random.bytes(count * classes).map { $0 & 0x8f }
      var rule = Self.centreRule()
      rule.form = seed % 2 == 0 ? .corners : .centre
      rule.count = count
      rule.classes = classes
      rule.scores.stride = classes
      rule.isClassWise = seed % 3 != 0
      rule.perClass = 1 + Int(random.below(20))
      rule.detections = 1 + Int(random.below(40))
      rule.overlap = Int32(random.below(65_537))
      rule.threshold = Int32(random.below(64)) - 32
      func level(_ bytes: [UInt8], _ position: Int) -> Int {
        Int(Int8(bitPattern: bytes[position]))
      }
      func edges(_ box: Int) -> [Int] {
        let e = (0..<4).map { level(boxes, box * 4 + $0) * 1024 }
        if rule.form == .corners {
          return [min(e[1], e[3]), min(e[0], e[2]), max(e[1], e[3]), max(e[0], e[2])]
        }
        let (width, height) = (max(e[2], 0), max(e[3], 0))
        let (top, left) = (e[1] - height / 2, e[0] - width / 2)
        return [top, left, top + height, left + width]
      }
      func shares(_ a: [Int], _ b: [Int]) -> Bool {
        let height = min(a[2], b[2]) - max(a[0], b[0])
        let width = min(a[3], b[3]) - max(a[1], b[1])
        guard height > 0, width > 0 else { return false }
        let areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
        return height * width * 65_536 > Int(rule.overlap) * (areas - height * width)
      }
      var all: [(level: Int, number: Int, box: Int)] = []
      for group in rule.isClassWise ? Array(0..<classes) : [-1] {
        var candidates = (0..<count).map { box -> (level: Int, number: Int, box: Int) in
          let levels = (0..<classes).map { level(scores, box * classes + $0) }
          let number = group < 0 ? levels.firstIndex(of: levels.max() ?? 0) ?? 0 : group
          return (levels[number], number, box)
        }
        candidates.removeAll { $0.level < Int(rule.threshold) }
        candidates.sort { ($0.level, $1.box) > ($1.level, $0.box) }
        var kept: [(level: Int, number: Int, box: Int)] = []
        for candidate in candidates where kept.count < rule.perClass {
          if !kept.contains(where: { shares(edges($0.box), edges(candidate.box)) }) {
            kept.append(candidate)
          }
        }
        all += kept
      }
      let best = all.enumerated().sorted {
        ($0.element.level, $1.offset) > ($1.element.level, $0.offset)
      }
      let found = Self.decode(rule, boxes, scores)
      #expect(found.map(\.box) == best.prefix(rule.detections).map(\.element.box), "seed \(seed)")
      #expect(found.map(\.topClass) == best.prefix(rule.detections).map(\.element.number))
      for detection in found {
        let expected = edges(detection.box).map { Int32($0) }
        #expect([detection.top, detection.left, detection.bottom, detection.right] == expected)
      }
    }
  }

  /// A recipe's rule in a bundle, and what it finds there.
  @Test func travelsInTheBundle() throws {
    var sample = ONNXSample()
    sample.input("x", ["1", "4"])
    sample.constant("w", [4, 12], floats: (0..<48).map { Float(($0 * 7) % 11) / 8 - 0.5 })
    sample.constant("v", [4, 9], floats: (0..<36).map { Float(($0 * 5) % 13) / 8 - 0.75 })
    sample.constant("b", [12], floats: (0..<12).map { $0 % 4 < 2 ? 0.5 : 0.75 })
    sample.constant("c", [9], floats: [Float](repeating: 0.1, count: 9))
    sample.constant("boxShape", integers: [1, 3, 4])
    sample.constant("scoreShape", integers: [1, 3, 3])
    sample.node("Gemm", ["x", "w", "b"], ["rawBoxes"])
    sample.node("Reshape", ["rawBoxes", "boxShape"], ["boxes"])
    sample.node("Gemm", ["x", "v", "c"], ["rawScores"])
    sample.node("Reshape", ["rawScores", "scoreShape"], ["scores"])
    sample.output("boxes")
    sample.output("scores")
    var request = PackRequest(
      name: "d", version: "1.0.0", sequence: 1, model: sample.bytes, tool: "test")
    var random = SplitMix64(seed: 9)
    let floats = (0..<400).map { _ in Float(random.unit()) }
    request.calibration = [try NumericArray(floats: floats, shape: [100, 4])]
    request.ports = [NamedPort(name: "scores", naming: .init(labels: ["none", "cat", "dog"]))]
    request.boxes = try Recipe(
      json5: Data(
        """
        {name: 'd', version: '1.0.0', sequence: 1, model: 'm', boxes: {boxes: 'boxes',
         scores: 'scores', form: 'corners', background: true, threshold: 0.2, overlap: 0.5,
         perClass: 3, detections: 4}}
        """.utf8)
    ).boxes
    let packed = try PackedModel(request)
    let rule = try #require(packed.plan.boxes)
    #expect(rule.count == 3 && rule.classes == 3 && rule.firstClass == 1 && rule.overlap == 32_768)
    #expect(packed.manifest.requiredSchema == 2)
    var log = try #require(try DetectionLog(plan: packed.plan, session: packed.session))
    packed.session.run()
    log.didRun(packed.session)
    let lines = String(decoding: log.table(), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "item,class,label,score,top,left,bottom,right")
    #expect(lines.count == 1 + log.items[0].count)
    #expect(log.items[0].allSatisfy { $0.topClass > 0 && $0.level >= rule.threshold })

    func message(_ change: (inout Recipe.Boxes) -> Void) throws -> String {
      var other = request
      other.boxes.map { boxes in
        var boxes = boxes
        change(&boxes)
        other.boxes = boxes
      }
      return try #require(#expect(throws: PackError.self) { try PackedModel(other) }).message
    }
    #expect(try message { $0.boxes = "nope" }.contains("no output called nope"))
    #expect(try message { $0.form = "polar" }.contains("corners, centre or anchors"))
    #expect(try message { $0.form = "anchors" }.contains("shape [3, 4]"))
    #expect(try message { $0.scores = nil }.contains("four coordinates"))
    #expect(try message { $0.overlap = 1.5 }.contains("overlap"))
    #expect(try message { $0.detections = 0 }.contains("detections"))
  }
}
