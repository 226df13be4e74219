import Arrays
import BundleFormat
import Bundling
import DriftStatistics
import Evaluation
import Foundation
import HostArrays
import Importers
import SignalChain
import TestSupport
import Testing
import Wire

/// Tables as data: features by name, roles, labels, slices, groups.
@Suite("tabular data") struct TabularTests {
  /// Three features to the scores of three classes: class i where feature i is the largest.
  static func classifier(outputs: Int = 3) -> [UInt8] {
    var sample = ONNXSample()
    sample.input("x", ["n", "3"])
    let weights: [Float] = (0..<3 * outputs).map { $0 / outputs == $0 % outputs ? 1 : -0.25 }
    sample.constant("w", [3, outputs], floats: weights)
    sample.constant("b", [outputs], floats: [Float](repeating: 0.125, count: outputs))
    sample.node("Gemm", ["x", "w", "b"], ["y"])
    sample.output("y")
    return sample.bytes
  }

  static func request(_ model: [UInt8], _ table: String) throws -> PackRequest {
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 1, model: model, tool: "test")
    request.calibrationFiles = [.table(try CSVTable(Array(table.utf8), path: "train.csv"))]
    request.ports = [
      NamedPort(name: "y", naming: PortNaming(labels: ["red", "green", "blue"]))
    ]
    return request
  }

  /// Rows of `a [V], b, c, label, slice:site, group`, with the label of the largest feature.
  static func rows(_ count: Int, seed: UInt64) -> [[String]] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { row in
      let values = (0..<3).map { _ in Float(random.below(2001)) / 1000 - 1 }
      let best = values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
      return values.map { "\($0)" }
        + [["red", "green", "blue"][best], row % 3 == 0 ? "north" : "south", "m\(row / 10)"]
    }
  }

  static func table(_ rows: [[String]], order: [Int] = [0, 1, 2, 3, 4, 5]) -> String {
    let names = ["a [V]", "b", "c", "label", "slice:site", "group"]
    return ([names] + rows).map { row in order.map { row[$0] }.joined(separator: ",") }
      .joined(separator: "\n")
  }

  private func data(_ text: String, _ path: String = "test.csv") throws -> [DataFile] {
    [.table(try CSVTable(Array(text.utf8), path: path))]
  }

  private func failure(_ body: () throws -> Void) throws -> PackError {
    try #require(#expect(throws: PackError.self) { try body() })
  }

  @Test func namesUnitsAndRolesTravel() throws {
    let rows = Self.rows(120, seed: 1)
    let packed = try PackedModel(Self.request(Self.classifier(), Self.table(rows)))
    let port = packed.plan.inputs[0]
    #expect(port.labels == ["a", "b", "c"] && port.units == ["V", "", ""])
    var roles = DataRoles()
    (roles.label, roles.slices, roles.group) = ("label", ["slice:site"], "group")
    #expect(packed.plan.roles == roles)
    let taps = packed.manifest.telemetry?.taps.prefix(3) ?? []
    #expect(taps.map(\.name) == ["a", "b", "c"] && taps.map(\.unit) == ["V", "", ""])

    // Another order of the same columns is the same data.
    let reader = DataReader(DataInterface(packed.plan))
    let straight = try reader.read(data(Self.table(rows)))
    let shuffled = try reader.read(data(Self.table(rows, order: [4, 2, 3, 0, 5, 1])))
    #expect(straight.arrays == shuffled.arrays && straight.targets == shuffled.targets)
    #expect(straight.arrays[0].asFloats()[..<3] == (rows[0][..<3].compactMap { Float($0) })[...])
    #expect(
      shuffled.notes == [
        "test.csv: 120 rows; 3 features (a, b, c); label 'label'; slices 'slice:site'; group 'group'"
      ])

    let report = try Evaluator(session: packed.session, plan: packed.plan)
      .evaluate(shuffled, model: nil)
    let whole = try #require(report.measure(.accuracy))
    #expect(whole.items == 120 && whole.value > 0.95)
    let slices = report.selections.dropFirst()
    #expect(slices.map { $0.slice?.value } == ["north", "south"])
    #expect(slices.first?.slice?.column == "site")
    #expect(slices.map(\.items.count) == [40, 80])
    let right = slices.reduce(0.0) {
      $0 + (report.measure(.accuracy, $1)?.value ?? 0) * Double($1.items.count)
    }
    #expect((right - whole.value * 120).magnitude < 1e-9)
  }

  @Test func namesWhatIsWrong() throws {
    let packed = try PackedModel(
      Self.request(Self.classifier(), Self.table(Self.rows(80, seed: 2))))
    let reader = DataReader(DataInterface(packed.plan))
    func message(_ text: String) throws -> String {
      try failure { _ = try reader.read(data(text)) }.message
    }
    #expect(try message("a,c\n1,2") == "test.csv has no column 'b'")
    #expect(
      try message("a,b,c\n1,2,3\n1,x,3")
        == "test.csv: row 2 (line 3), column 'b': 'x' is not a finite number")
    #expect(try message("a,b,c\n1,,3").contains("row 1 (line 2), column 'b': the cell is empty"))
    #expect(try message("a,b,c\n1,2").contains("row 1 (line 2) has 2 fields where 3"))
    #expect(
      try message("a,b,c,label\n1,2,3,pink")
        == "test.csv, column 'label': 'pink' is none of the classes red, green, blue")
    #expect(
      try message("a,b,c,target,class\n1,2,3,0,0").contains("'target' and 'class' may both be"))
    #expect(try message("a,b,c\n").contains("no rows"))
    // A column too many is named, not taken.
    let extra = try reader.read(data("id,c,b,a\n7,3,2,1"))
    #expect(extra.arrays[0].asFloats() == [1, 2, 3])
    #expect(extra.notes[0].hasSuffix("not used: 'id'"))
    // Without names to go by, it is one too many.
    let unnamed = try failure {
      _ = try PackedModel(
        Self.request(Self.classifier(), "id,a,b,c,target\n1,1,2,3,0\n2,3,2,1,1"))
    }
    #expect(unnamed.message.contains("4") && unnamed.message.contains("3"))
    // Positions of classes are labels too; whole numbers with a point as well.
    #expect(try reader.read(data("a,b,c,class\n1,2,3,2.0\n1,2,3,0")).targets == .classes([2, 0]))
  }

  @Test func rolesOfTheRecipe() throws {
    let recipe = try Recipe(
      json5: Data(
        """
        {name: 'm', version: '1.0.0', sequence: 1, model: 'm', columns: {label: 'what',
         slice: ['site'], ignore: ['id'], features: ['z', 'y', 'x'], units: {y: 'bar'}}}
        """.utf8))
    let columns = try #require(recipe.columns)
    var random = SplitMix64(seed: 3)
    var text = "id,x [m],site,y,what,z\n"
    for row in 0..<60 {
      text += "\(row),\(random.unit()),s\(row % 2),\(random.unit()),green,\(random.unit())\n"
    }
    var request = try Self.request(Self.classifier(), text)
    request.roles = columns.roles
    request.features = columns.features ?? []
    request.units = columns.units ?? [:]
    let packed = try PackedModel(request)
    #expect(packed.plan.inputs[0].labels == ["z", "y", "x"])
    #expect(packed.plan.inputs[0].units == ["", "bar", "m"])
    #expect(packed.plan.roles == columns.roles)
    let dataset = try DataReader(DataInterface(packed.plan)).read(data(text))
    #expect(dataset.targets == .classes([Int](repeating: 1, count: 60)))
    #expect(dataset.slices.map(\.name) == ["site"])
    #expect(dataset.notes[0].hasSuffix("label 'what'; slices 'site'"))
    request.features = ["z", "y"]
    #expect(try failure { _ = try PackedModel(request) }.message.contains("columns.features"))
  }

  @Test func aShareIsSetAsideByGroups() throws {
    var request = try Self.request(Self.classifier(), Self.table(Self.rows(200, seed: 4)))
    request.testShare = 0.3
    let draft = try Packer(request).draft()
    let aside = try #require(draft.aside)
    var test = ReleaseTest(draft, gates: [])
    let (evidence, _) = try test.measure(aside)
    #expect(evidence.report?.measure(.accuracy)?.value ?? 0 >= 0.9)
    let outcome = try draft.sealed(signer: PackedModel.signer())
    let note = try #require(outcome.notes.first { $0.contains("set aside") })
    // Groups of ten rows: whole ones only.
    let count = try #require(note.split(separator: " ").first.flatMap { Int($0) })
    #expect(count % 10 == 0 && (20...110).contains(count))

    // A group on both sides is refused.
    request.testShare = nil
    let plain = try Packer(request).draft()
    let reader = DataReader(DataInterface(plain.manifest.plans[0]))
    func measure(_ rows: [[String]]) throws {
      var test = ReleaseTest(plain, gates: [])
      _ = try test.measure(try reader.read(data(Self.table(rows))))
    }
    #expect(
      try failure { try measure(Self.rows(30, seed: 5)) }.message
        == "group 'm0' is in the calibration and in the test data")
    try measure(Self.rows(30, seed: 5).map { $0.dropLast() + ["new"] })
  }

  @Test func numbersHaveErrors() throws {
    var random = SplitMix64(seed: 6)
    var text = "a,b,c,target,slice:day\n"
    for row in 0..<100 {
      let x = (0..<3).map { _ in Float(random.unit()) }
      text += "\(x[0]),\(x[1]),\(x[2]),\(x[0] - 0.25 * (x[1] + x[2]) + 1.125),\(row % 2)\n"
    }
    var request = try Self.request(Self.classifier(outputs: 1), text)
    request.ports = []
    let packed = try PackedModel(request)
    let dataset = try DataReader(DataInterface(packed.plan)).read(data(text))
    let report = try Evaluator(session: packed.session, plan: packed.plan)
      .evaluate(dataset, model: nil)
    // The model's bias is 1 less than the target's, its third weight has the other sign.
    let (mean, root) = (try #require(report.measure(.mae)), try #require(report.measure(.rmse)))
    #expect(mean.items == 100 && mean.value > 0 && root.value >= mean.value)
    #expect(report.selections.dropFirst().map { report.measure(.mae, $0)?.items } == [50, 50])
  }

  /// Windows of a recording, never of two.
  @Test func groupsOfAStreamAreRecordings() throws {
    var sample = ONNXSample()
    sample.input("x", ["1", "4", "2"])
    sample.constant("shape", integers: [1, 8])
    sample.node("Reshape", ["x", "shape"], ["flat"])
    sample.constant("w", [8, 2], floats: (0..<16).map { Float($0 % 5) / 4 - 0.5 })
    sample.constant("b", [2], floats: [0, 0.1])
    sample.node("Gemm", ["flat", "w", "b"], ["y"])
    sample.output("y")
    var text = "time,u,v,class,group\n"
    for row in 0..<30 {
      text += "\(row),\(row),\(-row),\(row < 25 ? 0 : 1),\(row < 10 ? "first" : "second")\n"
    }
    var request = try Self.request(sample.bytes, text)
    request.ports = []
    request.stream = .init(window: 4, hop: 3)
    let packed = try PackedModel(request)
    let dataset = try DataReader(DataInterface(packed.plan)).read(data(text))
    // Rows 0…9 give items at 0, 3, 6; rows 10…29 at 10, 13, …, 25.
    #expect(dataset.arrays[0].shape == [9, 1, 4, 2])
    let starts = stride(from: 0, to: 72, by: 8).map { Int(dataset.arrays[0].asFloats()[$0]) }
    #expect(starts == [0, 3, 6, 10, 13, 16, 19, 22, 25])
    #expect(dataset.targets == .classes([0, 0, 0, 0, 0, 0, 0, 1, 1]))
    #expect(dataset.groups?.codes == [0, 0, 0, 1, 1, 1, 1, 1, 1])
    let mixed = text.replacingOccurrences(of: "\n7,", with: "\n3,")
    let error = try failure {
      _ = try DataReader(DataInterface(packed.plan)).read(data(mixed))
    }
    #expect(error.message == "test.csv: row 8 is of 3, before the row above of 6")
  }

  /// Millivolts beside hectopascals: each feature has a step of its own, and the float model still
  /// takes them raw.
  @Test func featuresOfDifferentSizeAreScaledAtTheEdge() throws {
    var sample = ONNXSample()
    sample.input("x", ["n", "3"])
    sample.constant("w", [3, 3], floats: [1000, 0, -500, 0, 2e-3, -1e-3, -0.25, 0.25, 0.25])
    sample.constant("b", [3], floats: [0, -200, 100])
    sample.node("Gemm", ["x", "w", "b"], ["y"])
    sample.output("y")
    var random = SplitMix64(seed: 8)
    var text = "a [V],b [Pa],c\n"
    for _ in 0..<200 {
      let (a, b) = (Float(random.unit()) * 2e-3, 99_000 + 2000 * Float(random.unit()))
      text += "\(a),\(b),\(Float(random.unit()) * 4)\n"
    }
    let packed = try PackedModel(Self.request(sample.bytes, text))
    let port = packed.plan.inputs[0]
    #expect(port.modelTakesRaw && port.normalization?.channels == 3)
    let model = try ModelImporter.load(bytes: sample.bytes, name: "m", dataShapes: [[1, 3]])
    let dataset = try DataReader(DataInterface(packed.plan)).read(data(text))
    var labelled = dataset
    labelled.targets = .classes([Int](repeating: 0, count: 200))
    let report = try Evaluator(session: packed.session, plan: packed.plan)
      .evaluate(labelled, model: model)
    #expect(report.noise?.decibels ?? 0 > 35)
    #expect(report.agreement?.accuracy ?? 0 > 0.97)
    // Taps show features as their users know them.
    let taps = try #require(packed.manifest.telemetry?.taps.prefix(3))
    #expect(taps.map(\.name) == ["a", "b", "c"] && taps.map(\.unit) == ["V", "Pa", ""])
    let pressure = taps[1]
    let middle = Double(pressure.lowest + pressure.highest) / 2 * pressure.displayScale
    #expect(abs(middle + pressure.displayOffset - 100_000) < 200)
  }

  /// Trees are watched by the features that they ask of.
  @Test func treesHaveADriftContract() throws {
    var sample = ONNXSample()
    sample.input("x", ["n", "3"])
    sample.node(
      "TreeEnsembleRegressor", ["x"], ["y"],
      [
        "nodes_treeids": .ints([0, 0, 0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2, 3, 4]),
        "nodes_featureids": .ints([1, 2, 0, 0, 0]), "nodes_values": .floats([0.5, 0.25, 0, 0, 0]),
        "nodes_modes": .strings(["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"]),
        "nodes_truenodeids": .ints([1, 2, 0, 0, 0]), "nodes_falsenodeids": .ints([4, 3, 0, 0, 0]),
        "target_treeids": .ints([0, 0, 0]), "target_nodeids": .ints([2, 3, 4]),
        "target_ids": .ints([0, 0, 0]), "target_weights": .floats([1, 2, 3]), "n_targets": .int(1),
      ], domain: "ai.onnx.ml")
    sample.output("y")
    var random = SplitMix64(seed: 9)
    var text = "a,b [bar],c,target\n"
    for _ in 0..<200 { text += "\(random.unit()),\(random.unit()),,2\n" }
    var request = try Self.request(sample.bytes, text)
    request.ports = []
    let packed = try PackedModel(request)
    let contract = try #require(packed.manifest.telemetry)
    // `a` is in no node; `c` is missing everywhere, which is a rank too.
    #expect(contract.taps.map(\.name) == ["b", "c"])
    let source = TapSource(shape: [1, 2], isWide: true)
    var window = try WindowAccumulator(taps: contract.taps, sources: [source, source])
    let dataset = try DataReader(DataInterface(packed.plan)).read(data(text))
    #expect(
      dataset.arrays[0].asFloats()[2].isNaN
        && dataset.targets == .values([Float](repeating: 2, count: 200)))
    try [Int16](repeating: 0, count: 2).withUnsafeBytes { ranks in
      for _ in 0..<100 { try window.observe { _ in ranks } }
    }
    let counts = window.counts
    // Rank 0 of `b` is a value the reference has, in its lowest bin.
    #expect(counts[0].bins.first == 100 && counts[0].below == 0)
  }
}
