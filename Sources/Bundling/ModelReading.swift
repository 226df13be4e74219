public import Arrays
public import Importers
public import ModelGraph
import Operators

/// A value that an input is bound to at import.
public enum BoundValue: Sendable, Equatable {
  /// In every element.
  case number(Double)
  /// The input's own shape and type.
  case array(NumericArray)
}

/// How a model file is read: what it keeps from run to run, and inputs that are constants.
public struct ModelReading: Sendable {
  /// Which inputs are states.
  public var states: StateRequest
  /// Inputs bound to values, by name.
  public var constants: [String: BoundValue]

  /// Creates one that detects states and binds nothing.
  public init(states: StateRequest = .detected, constants: [String: BoundValue] = [:]) {
    self.states = states
    self.constants = constants
  }

  /// Imports a model; dimensions that it leaves open are those of the arrays to be run.
  ///
  /// - Throws: `PackError` naming an operator that is not supported, or what is no model.
  public func load(
    _ bytes: [UInt8], name: String, dataShapes: [[Int]]
  ) throws(PackError) -> Graph {
    try fromGraph { () throws(GraphError) in
      try ModelImporter.load(
        bytes: bytes, name: name, constants: try tensors(bytes), states: states,
        dataShapes: dataShapes)
    }
  }

  /// Imports a model and tells what became of its nodes.
  ///
  /// - Throws: as `load`.
  public func report(
    _ bytes: [UInt8], name: String
  ) throws(PackError) -> (graph: Graph, report: ImportReport) {
    try fromGraph { () throws(GraphError) in
      try ModelImporter.report(
        bytes: bytes, name: name, constants: try tensors(bytes), states: states)
    }
  }

  /// The elements of constants.
  private func tensors(_ bytes: [UInt8]) throws(GraphError) -> [String: TensorData] {
    let types = constants.isEmpty ? [:] : try ModelImporter.inputTypes(bytes: bytes)
    var tensors: [String: TensorData] = [:]
    for (name, value) in constants.sorted(by: { $0.key < $1.key }) {
      tensors[name] = try Self.tensor(value, name, types[name])
    }
    return tensors
  }

  /// The tensor of an array.
  ///
  /// - Throws: `PackError` for an element type that no input has.
  public static func tensor(_ value: BoundValue, _ name: String) throws(PackError) -> TensorData {
    try fromGraph { () throws(GraphError) in try tensor(value, name, nil) }
  }

  /// The tensor of a value; an input that there is not is left to the importer to name.
  private static func tensor(
    _ value: BoundValue, _ name: String, _ type: ValueType?
  ) throws(GraphError) -> TensorData {
    switch value {
    case .array(let array):
      guard let element = ElementType(rawValue: array.type.name) else {
        throw .invalid(node: name, reason: "a constant cannot be \(array.type.name)")
      }
      return try ModelImporter.tensor(
        littleEndian: array.bytes[...], ValueType(element, array.shape))
    case .number(let number):
      let type = type ?? ValueType(.float32, [])
      let tensor = TensorData(
        shape: type.shape, type.element,
        doubles: [Double](repeating: number, count: type.shape.reduce(1, *)))
      let isExact = tensor.integers.map { $0.allSatisfy { Double($0) == number } }
      guard isExact ?? number.isFinite else {
        throw .invalid(node: name, reason: "\(number) is no \(type.element.rawValue)")
      }
      return tensor
    }
  }
}
