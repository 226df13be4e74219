import Arrays
public import BundleFormat
import HostArrays
import Importers
public import ModelGraph
public import Quantizer
import SignalChain

/// What data is read for: the ends of a model, with the names that are known.
public struct DataInterface: Sendable {
  /// One input.
  public struct Input: Sendable {
    /// What its elements are given as.
    public enum Element: Sendable, Equatable {
      /// Numbers.
      case real
      /// Whole numbers from 0 to 255.
      case bytes
      /// Whole numbers that stand for themselves.
      case integers(ElementType)
    }
    /// Name in the model file.
    public var name: String
    /// Shape of an item.
    public var shape: [Int]
    /// See `Element`.
    public var element: Element
    /// True where NaN is a value like any other.
    public var allowsMissing: Bool
    /// Names of its features or channels; empty where they are not known.
    public var features: [String]
  }

  /// The inputs, in the model's order.
  public var inputs: [Input]
  /// Labels of the classes of the scored output; empty where they are not known.
  public var classes: [String]
  /// True where the scored output is a number to be near to, not scores of classes.
  public var isRegression: Bool
  /// Cuts items from recordings.
  public var stream: StreamSource?
  /// What columns are.
  public var roles: DataRoles

  /// The ends of a bundle's plan.
  public init(_ plan: PlanEntry) {
    inputs = plan.inputs.map { port in
      let isBytes = port.userElement == "uint8" && port.normalization == nil
      return Input(
        name: port.name, shape: port.shape.map { Int($0) }, element: isBytes ? .bytes : .real,
        allowsMissing: !port.ranks.isEmpty, features: port.labels)
    }
    let outputs = plan.outputs.map { port in
      (labels: port.labels, elements: port.shape.reduce(1, *), isClass: port.userElement == "int64")
    }
    classes = outputs.first { !$0.labels.isEmpty }?.labels ?? []
    isRegression = classes.isEmpty && outputs.allSatisfy { $0.elements == 1 && !$0.isClass }
    stream = StreamSource(audio: plan.audio, rule: plan.stream)
    roles = plan.roles
    forgetOtherNames()
  }

  /// The ends of a graph.
  ///
  /// - Parameters:
  ///   - encodings: one per input.
  ///   - ports: names that a recipe gives.
  public init(
    _ graph: Graph, encodings: [InputEncoding], ports: [NamedPort] = [],
    stream: StreamSource? = nil, roles: DataRoles = DataRoles()
  ) {
    func labels(_ value: Value) -> [String] {
      let named = ports.first { $0.name == value.name }?.naming.labels ?? []
      return named.isEmpty ? value.labels : named
    }
    inputs = zip(graph.inputs, encodings).map { id, encoding in
      let value = graph[id]
      var element = Input.Element.real
      if value.quantization == nil, value.type.element != .float32 {
        element = .integers(value.type.element)
      } else if case .rawBytes = encoding {
        element = .bytes
      } else if value.fileElement == .uint8 {
        element = .bytes
      }
      return Input(
        name: value.name, shape: value.type.shape, element: element,
        allowsMissing: encoding == .ranks, features: labels(value))
    }
    let outputs = graph.outputs.map { graph[$0] }
    classes = outputs.map(labels).first { !$0.isEmpty } ?? []
    isRegression =
      classes.isEmpty
      && outputs.allSatisfy { $0.type.shape.reduce(1, *) == 1 && $0.type.element != .int64 }
    self.stream = stream
    self.roles = roles
    forgetOtherNames()
  }

  /// Labels that are not one per element, nor one per channel of a stream, name no columns.
  private mutating func forgetOtherNames() {
    for index in inputs.indices {
      let expected = stream.map(\.rule.channels) ?? inputs[index].shape.reduce(1, *)
      if inputs[index].features.count != expected { inputs[index].features = [] }
    }
  }
}

extension DataInterface {
  /// The shapes that data gives a model's inputs, for dimensions that the file leaves open. A table
  /// is rows of all its features for one input; several inputs take columns of a number each, and
  /// have no dimension open but the batch.
  ///
  /// - Parameters:
  ///   - model: the model file.
  ///   - features: names of the features, where the table has others besides.
  public static func shapes(
    of files: [DataFile], model: [UInt8], roles: DataRoles = DataRoles(), features: [String] = []
  ) -> [[Int]] {
    if files.count == 1, case .table(let table) = files[0] {
      guard let names = try? ModelImporter.inputNames(bytes: model), names.count == 1 else {
        return []
      }
      let others = ColumnAssignment.otherColumns(table, roles).count
      return [[1, features.isEmpty ? others : features.count]]
    }
    var shapes: [[Int]] = []
    for file in files {
      guard case .array(let array) = file else { return [] }
      shapes.append(array.shape)
    }
    return shapes
  }
}
