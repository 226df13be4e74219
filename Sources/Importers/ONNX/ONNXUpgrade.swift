import ModelGraph
import Operators

/// Brings nodes of old operator sets into a form that the mappings know: what was an attribute and
/// is an operand now becomes a constant operand, and so on (ONNX's Changelog.md).
///
/// Not here: what a mapping reads by `builder.opset` itself, such as the axes of `Squeeze`.
enum ONNXUpgrade {
  /// An attribute that became an operand.
  private struct Moved {
    var attribute: String
    var operand: Int
    /// The first operator set with the operand.
    var since: Int
    /// A scalar operand rather than a vector of one.
    var isScalar = false
  }

  private static let moved: [String: [Moved]] = [
    "Clip": [
      Moved(attribute: "min", operand: 1, since: 11, isScalar: true),
      Moved(attribute: "max", operand: 2, since: 11, isScalar: true),
    ],
    "Pad": [
      Moved(attribute: "paddings", operand: 1, since: 2),
      Moved(attribute: "pads", operand: 1, since: 11),
      Moved(attribute: "value", operand: 2, since: 11, isScalar: true),
    ],
    "Reshape": [Moved(attribute: "shape", operand: 1, since: 5)],
    "Slice": [
      Moved(attribute: "starts", operand: 1, since: 10),
      Moved(attribute: "ends", operand: 2, since: 10),
      Moved(attribute: "axes", operand: 3, since: 10),
    ],
    "TopK": [Moved(attribute: "k", operand: 1, since: 10)],
    "Upsample": [Moved(attribute: "scales", operand: 1, since: 9)],
  ]

  /// `node` as today's operator sets would write it.
  static func current(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> ONNXNode {
    var node = node
    for change in moved[node.operation] ?? [] where builder.opset < change.since {
      try move(change, of: &node, &builder)
    }
    if builder.opset < 7 {
      try refuseTraining(node)
      try align(&node, &builder)
    }
    if builder.opset < 4, node.operation == "Concat", node.attributes["axis"] == nil {
      node.attributes["axis"] = .int(1)
    }
    if node.operation == "Upsample" || (node.operation == "Resize" && builder.opset < 11) {
      // Both knew one way to sample: positions scaled from the corner, rounded down.
      node.operation = "Resize"
      node.inputs.insert("", at: min(1, node.inputs.count))
      node.attributes["coordinate_transformation_mode"] = .string("asymmetric")
      node.attributes["nearest_mode"] = .string("floor")
    }
    return node
  }

  private static func move(
    _ change: Moved, of node: inout ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let data: TensorData
    switch node.attributes.removeValue(forKey: change.attribute) {
    case nil: return
    case .float(let value): data = TensorData(shape: change.isScalar ? [] : [1], floats: [value])
    case .floats(let list): data = TensorData(shape: [list.count], floats: list)
    case .int(let value): data = TensorData(shape: [1], elements: .int64([Int64(value)]))
    case .ints(let list):
      data = TensorData(shape: [list.count], elements: .int64(list.map(Int64.init)))
    default: throw node.invalid("attribute \(change.attribute) is no number")
    }
    while node.inputs.count <= change.operand { node.inputs.append("") }
    guard node.inputs[change.operand].isEmpty else {
      throw node.invalid("\(change.attribute) is both an attribute and an operand")
    }
    let name = "\(node.name)/\(change.attribute)"
    let id = builder.constant(name, data)
    // The name is the constant's, which is unique, and no name of the file.
    let unique = builder.graph[id].name + "/operand"
    try builder.bind(unique, id)
    node.inputs[change.operand] = unique
  }

  /// Before operator set 7 the default was training.
  private static func refuseTraining(_ node: ONNXNode) throws(GraphError) {
    guard ["BatchNormalization", "Dropout"].contains(node.operation) else { return }
    guard try node.int("is_test", default: 0) != 0 else {
      throw node.unsupported("it is in training mode; export the model for inference")
    }
  }

  /// Before operator set 7, `axis` told where the dimensions of the second operand stand in the
  /// first, and the slopes of a `PRelu` stood for its channels.
  private static func align(
    _ node: inout ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    guard node.inputs.count == 2 else { return }
    let rank = builder.shape(try builder.operand(node, 0)).count
    let right = try builder.operand(node, 1)
    let shape = builder.shape(right)
    let axis: Int
    if node.operation == "PRelu", shape.count == 1, shape != [1], rank > 1 {
      axis = 1
    } else if try node.int("broadcast", default: 0) != 0, node.attributes["axis"] != nil {
      let given = try node.int("axis", default: 0)
      axis = given < 0 ? given + rank : given
    } else {
      return
    }
    guard axis >= 0, axis + shape.count <= rank else {
      throw node.invalid("its second operand \(shape) does not fit at axis \(axis)")
    }
    let aligned = shape + [Int](repeating: 1, count: rank - axis - shape.count)
    let id = try builder.reshape(right, aligned, node: node, suffix: "/aligned")
    if id != right {
      let unique = builder.graph[id].name + "/operand"
      try builder.bind(unique, id)
      node.inputs[1] = unique
    }
    node.attributes["broadcast"] = nil
    node.attributes["axis"] = nil
  }
}
