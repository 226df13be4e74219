/// Writes the few protobuf constructs that small ONNX models need.
public struct ProtobufWriter: Sendable {
  /// An empty message.
  public init() {}

  /// What was written.
  public private(set) var bytes: [UInt8] = []

  /// A base-128 number.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A varint field.
  public mutating func integer(_ field: Int, _ value: Int) {
    varint(UInt64(field) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A 32-bit field.
  public mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field) << 3 | 5)
    for shift in [0, 8, 16, 24] as [UInt32] {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  /// A field of bytes.
  public mutating func data(_ field: Int, _ value: [UInt8]) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  /// Fields that are written already.
  public mutating func append(_ fields: [UInt8]) { bytes += fields }

  /// A field of text.
  public mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  /// A nested message.
  public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    body(&inner)
    data(field, inner.bytes)
  }
}

/// Builds an ONNX model.
public struct ONNXSample: Sendable {
  /// An empty model.
  public init() {}

  /// Version of the operator set.
  public var opset = 17
  private var graph = ProtobufWriter()

  /// An attribute of a node.
  public enum Attribute: Sendable {
    case int(Int)
    case ints([Int])
    case float(Float)
    case floats([Float])
    case string(String)
    case strings([String])
    /// A tensor of floats, or of uint8.
    case floatTensor([Float])
    case byteTensor([Int])
    /// A tensor of one axis.
    case doubles([Double])
    /// The fields of the `AttributeProto` besides its name.
    case fields([UInt8])
    /// A vector of one float: what `ConstantOfShape` repeats.
    case tensor(Float)
    /// A graph within the graph.
    case graph(ONNXSample)
  }

  /// A node.
  public mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: Attribute] = [:],
    name: String? = nil, domain: String = ""
  ) {
    graph.message(1) { node in
      for input in inputs { node.string(1, input) }
      for output in outputs { node.string(2, output) }
      node.string(3, name ?? outputs.first ?? type)
      node.string(4, type)
      if !domain.isEmpty { node.string(7, domain) }
      for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
        node.message(5) { attribute in
          attribute.string(1, key)
          switch value {
          case .float(let number): attribute.float(2, number)
          case .floats(let list): for number in list { attribute.float(7, number) }
          case .strings(let list): for text in list { attribute.string(9, text) }
          case .int(let number): attribute.integer(3, number)
          case .string(let text): attribute.string(4, text)
          case .ints(let list): for number in list { attribute.integer(8, number) }
          case .floatTensor(let list):
            attribute.message(5) { tensor in
              tensor.integer(1, list.count)
              tensor.integer(2, 1)
              for number in list { tensor.float(4, number) }
            }
          case .byteTensor(let list):
            attribute.message(5) { tensor in
              tensor.integer(1, list.count)
              tensor.integer(2, 2)
              for number in list { tensor.integer(5, number) }
            }
          case .doubles(let list):
            attribute.message(5) { tensor in
              tensor.integer(1, list.count)
              tensor.integer(2, 11)
              var bytes: [UInt8] = []
              for number in list {
                withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += Array($0) }
              }
              tensor.data(9, bytes)
            }
          case .fields(let bytes): attribute.append(bytes)
          case .tensor(let number):
            attribute.message(5) { tensor in
              tensor.integer(1, 1)
              tensor.integer(2, 1)
              tensor.float(4, number)
            }
          case .graph(let sample): attribute.data(6, sample.graph.bytes)
          }
        }
      }
    }
  }

  /// A float tensor.
  public mutating func constant(_ name: String, _ shape: [Int], floats: [Float]) {
    graph.message(5) { tensor in
      for size in shape { tensor.integer(1, size) }
      tensor.integer(2, 1)
      for value in floats { tensor.float(4, value) }
      tensor.string(8, name)
    }
  }

  /// A vector of int64.
  public mutating func constant(_ name: String, integers: [Int]) {
    graph.message(5) { tensor in
      tensor.integer(1, integers.count)
      tensor.integer(2, 7)
      for value in integers { tensor.integer(7, value) }
      tensor.string(8, name)
    }
  }

  /// A vector of strings.
  public mutating func constant(_ name: String, strings: [String]) {
    graph.message(5) { tensor in
      tensor.integer(1, strings.count)
      tensor.integer(2, 8)
      for value in strings { tensor.string(6, value) }
      tensor.string(8, name)
    }
  }

  /// A tensor of little-endian elements of an ONNX data type.
  public mutating func constant(_ name: String, _ shape: [Int], type: Int, raw: [UInt8]) {
    graph.message(5) { tensor in
      for size in shape { tensor.integer(1, size) }
      tensor.integer(2, type)
      tensor.string(8, name)
      tensor.data(9, raw)
    }
  }

  /// Fields of the graph as the body writes them.
  public mutating func fields(_ body: (inout ProtobufWriter) -> Void) { body(&graph) }

  /// The fields of the graph.
  public var graphFields: [UInt8] { graph.bytes }

  private mutating func interface(
    _ field: Int, _ name: String, _ shape: [String], type element: Int = 1
  ) {
    graph.message(field) { info in
      info.string(1, name)
      info.message(2) { type in
        type.message(1) { tensor in
          tensor.integer(1, element)
          tensor.message(2) { dimensions in
            for size in shape {
              dimensions.message(1) { dimension in
                if let number = Int(size) {
                  dimension.integer(1, number)
                } else {
                  dimension.string(2, size)
                }
              }
            }
          }
        }
      }
    }
  }

  /// An input, of floats unless `type` is another ONNX data type; a size that is no number is a
  /// symbol.
  public mutating func input(_ name: String, _ shape: [String], type: Int = 1) {
    interface(11, name, shape, type: type)
  }
  /// An output.
  public mutating func output(_ name: String, _ shape: [String] = []) {
    interface(12, name, shape)
  }

  /// The model file.
  public var bytes: [UInt8] {
    var model = ProtobufWriter()
    model.integer(1, 8)
    model.data(7, graph.bytes)
    model.message(8) { $0.integer(2, opset) }
    return model.bytes
  }
}
