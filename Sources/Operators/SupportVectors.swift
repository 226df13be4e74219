public import ModelGraph

/// A support vector machine over the last axis of [1, features]: Σ coefficient · K(x, vector) and an
/// offset, of one decision for regression, of a decision d per pair of classes else, with the votes
/// that each class wins by them (Chang and Lin, LIBSVM). For two classes −d and d are given.
public struct SupportVectors: Operation, Equatable {
  /// What a vector and the input make.
  public enum Kernel: Sendable, Equatable {
    /// x · v.
    case linear
    /// (γ · x · v + c)^degree.
    case polynomial(gamma: Float, offset: Float, degree: Float)
    /// exp(−γ · |x − v|²).
    case radial(gamma: Float)
    /// tanh(γ · x · v + c).
    case sigmoid(gamma: Float, offset: Float)
  }

  /// Name in tables.
  public static let name = "SupportVectors"
  /// The kernel.
  public var kernel: Kernel
  /// Features there must be.
  public var features: Int
  /// Support vectors, one after the other, those of each class together.
  public var vectors: [Float]
  /// How many vectors each class has; empty for regression.
  public var classVectors: [Int]
  /// One per vector for regression; of classes as many rows as there are others to tell from.
  public var coefficients: [Float]
  /// Added to each decision.
  public var offsets: [Float]

  /// Creates a machine.
  public init(
    kernel: Kernel, features: Int, vectors: [Float], classVectors: [Int], coefficients: [Float],
    offsets: [Float]
  ) {
    self.kernel = kernel
    self.features = features
    self.vectors = vectors
    self.classVectors = classVectors
    self.coefficients = coefficients
    self.offsets = offsets
  }

  private var vectorCount: Int { vectors.count / max(features, 1) }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.last == features, input.shape.dropLast().allSatisfy({ $0 == 1 }) else {
      throw .invalid(
        node: "", reason: "its vectors have \(features) features, the input is \(input.shape)")
    }
    let rest = Array(input.shape.dropLast())
    let decisions = ValueType(.float32, rest + [classVectors.count == 2 ? 2 : offsets.count])
    return classVectors.isEmpty
      ? [decisions] : [decisions, ValueType(.float32, rest + [classVectors.count])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let types = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let x = try floats(0, of: operands)
    let values = (0..<vectorCount).map { vector in
      value(x, vectors[vector * features..<(vector + 1) * features])
    }
    guard !classVectors.isEmpty else {
      let sum = zip(coefficients, values).reduce(Double(offsets[0])) {
        $0 + Double($1.0) * $1.1
      }
      return [TensorData(shape: types[0].shape, floats: [Float(sum)])]
    }
    var starts = [0]
    for count in classVectors { starts.append(starts[starts.count - 1] + count) }
    var decisions: [Float] = []
    var votes = [Float](repeating: 0, count: classVectors.count)
    func sum(row: Int, of number: Int) -> Double {
      (starts[number]..<starts[number + 1]).reduce(0) {
        $0 + Double(coefficients[row * vectorCount + $1]) * values[$1]
      }
    }
    for first in 0..<classVectors.count {
      for second in first + 1..<max(classVectors.count, first + 1) {
        let decision =
          sum(row: second - 1, of: first) + sum(row: first, of: second)
          + Double(offsets[decisions.count])
        decisions.append(Float(decision))
        votes[decision > 0 ? first : second] += 1
      }
    }
    if classVectors.count == 2 { decisions.insert(-decisions[0], at: 0) }
    return [
      TensorData(shape: types[0].shape, floats: decisions),
      TensorData(shape: types[1].shape, floats: votes),
    ]
  }

  private func value(_ x: [Float], _ vector: ArraySlice<Float>) -> Double {
    let product = zip(x, vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    switch kernel {
    case .linear: return product
    case .polynomial(let gamma, let offset, let degree):
      return RealFunctions.power(Double(gamma) * product + Double(offset), Double(degree))
    case .radial(let gamma):
      let distance = zip(x, vector).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
      }
      return RealFunctions.expMinusOne(-Double(gamma) * distance) + 1
    case .sigmoid(let gamma, let offset):
      return RealFunctions.tanh(Double(gamma) * product + Double(offset))
    }
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  /// A kernel of features in int8 loses what the coefficients of hundreds of vectors tell apart.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "support vectors run in the float reference only; train a linear machine, or trees")
  }

  public var summary: String { "\(vectorCount) vectors of \(features) features" }
}
