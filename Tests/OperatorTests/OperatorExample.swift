import ModelSamples
import TestSupport

/// One use of an operator, small: what the operator table is measured on.
struct OperatorExample: Sendable {
  /// What an element of an operand or result is.
  enum Element: Sendable { case real, truth, integer }

  /// An operand of the node.
  enum Operand: Sendable {
    /// An input of the model.
    case input([Int], Element = .real)
    /// A constant of reals, repeated as often as the shape asks for.
    case reals([Int], [Float] = [0.5, -0.25, 0.75, 0.125])
    /// The weights of a layer: int8 beside quantised activations.
    case weights([Int])
    /// The bias of a layer.
    case bias([Int])
    /// A constant vector of integers.
    case integers([Int])
    /// A constant integer.
    case integer(Int)
    /// A constant of integers.
    case positions([Int], [Int])
    /// A constant truth value.
    case truth(Bool)
    /// A TFLite tensor that keeps its value from run to run.
    case variable([Int])
    /// An optional operand that is left out.
    case absent
  }

  /// A result of the node.
  struct Result: Sendable {
    /// Its shape, which TFLite states; nil: the first input's.
    var shape: [Int]?
    /// What its elements are.
    var element = Element.real

    init(_ shape: [Int]? = nil, _ element: Element = .real) {
      (self.shape, self.element) = (shape, element)
    }
  }

  /// The shape of images; channels stand where the format has them.
  static let image = [1, 4, 4, 4]

  /// The operands.
  var operands: [Operand]
  /// The results.
  var results: [Result]
  /// ONNX's attributes.
  var attributes: [String: ONNXSample.Attribute]
  /// The type of TFLite's options in the schema's union, and their fields.
  var options: Options?
  /// Whether the inputs are positive: a logarithm's.
  var isPositive: Bool
  /// Scale and zero point that TFLite demands of an int8 result.
  var grid: (scale: Float, zeroPoint: Int)
  /// ONNX's operator set.
  var opset: Int
  /// The file of a model of more than one node, where one cannot stand alone.
  var model: (@Sendable () -> [UInt8])?

  /// TFLite's options.
  struct Options: Sendable {
    var type: Int
    var fields: FlatBufferFields
  }

  /// Describes a use; a function of one image where nothing else is said.
  init(
    _ operands: [Operand] = [.input(image)], _ results: [Result] = [Result()],
    _ attributes: [String: ONNXSample.Attribute] = [:], options: Options? = nil,
    isPositive: Bool = false, grid: (scale: Float, zeroPoint: Int) = (1 / 128, 0),
    opset: Int = 21
  ) {
    (self.operands, self.results, self.attributes) = (operands, results, attributes)
    (self.options, self.isPositive, self.grid) = (options, isPositive, grid)
    self.opset = opset
  }

  /// A whole ONNX model.
  init(onnx model: @escaping @Sendable () -> ONNXSample) {
    self.init()
    self.model = { model().bytes }
  }

  /// A model file.
  init(file: @escaping @Sendable () -> [UInt8]) {
    self.init()
    model = file
  }

  /// A whole TFLite model.
  init(tflite model: @escaping @Sendable () -> TFLiteFile) {
    self.init()
    self.model = { model().bytes }
  }

  /// A function of two images.
  static let two = OperatorExample([.input(image), .input(image)])
  /// One whose results are truth values.
  static let comparison = OperatorExample(
    [.input(image), .input(image)], [Result(nil, .truth)])
  /// One of truth values.
  static let logic = OperatorExample(
    [.input(image, .truth), .input(image, .truth)], [Result(nil, .truth)])
  /// A function of positive reals.
  static let positive = OperatorExample(isPositive: true)
}
