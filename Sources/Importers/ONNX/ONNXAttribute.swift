import ModelGraph

/// The value of an `AttributeProto`.
enum ONNXAttribute {
  case float(Float)
  case int(Int)
  case string(String)
  case tensor(ONNXTensor)
  case floats([Float])
  case ints([Int])
  /// A graph, decoded when it is needed: files nest them as deep as they like.
  case graph(ProtobufReader)
  case strings([String])
  case other

  /// Decodes an attribute with its name.
  static func named(_ message: ProtobufReader) throws(GraphError) -> (String, ONNXAttribute) {
    var reader = message
    var name = ""
    var type: Int?
    var value = ONNXAttribute.other
    var floats: [Float] = []
    var ints: [Int64] = []
    var strings: [String] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: value = .float(try reader.float(field))
      case 3: value = .int(try reader.integer(field))
      case 4:
        let raw = try reader.data(field)
        value = .string(String(decoding: raw.prefix(ImportLimits.nameBytes), as: UTF8.self))
      case 5: value = .tensor(try ONNXTensor(try reader.message(field)))
      case 6: value = .graph(try reader.message(field))
      case 7: try reader.appendFloats(field, to: &floats)
      case 8: try reader.appendIntegers(field, to: &ints)
      case 9:
        let raw = try reader.data(field)
        strings.append(String(decoding: raw.prefix(ImportLimits.nameBytes), as: UTF8.self))
      case 20: type = try reader.integer(field)
      default: break
      }
    }
    // AttributeProto.type: FLOATS = 6, INTS = 7, STRINGS = 8; an empty list has no field of its own.
    if type == 6 || !floats.isEmpty { value = .floats(floats) }
    if type == 7 || !ints.isEmpty { value = .ints(ints.map(Int.init)) }
    if type == 8 || !strings.isEmpty { value = .strings(strings) }
    // Scalars at their default are left out by some writers: FLOAT = 1, INT = 2, STRING = 3.
    if case .other = value {
      switch type {
      case 1: value = .float(0)
      case 2: value = .int(0)
      case 3: value = .string("")
      default: break
      }
    }
    return (name, value)
  }
}

extension ONNXNode {
  /// An integer attribute.
  func int(_ key: String, default value: Int) throws(GraphError) -> Int {
    switch attributes[key] {
    case nil: return value
    case .int(let i): return i
    default: throw invalid("attribute \(key) is not an integer")
    }
  }

  /// A float attribute.
  func float(_ key: String, default value: Float) throws(GraphError) -> Float {
    switch attributes[key] {
    case nil: return value
    case .float(let f): return f
    default: throw invalid("attribute \(key) is not a float")
    }
  }

  /// A string attribute.
  func string(_ key: String, default value: String) throws(GraphError) -> String {
    switch attributes[key] {
    case nil: return value
    case .string(let s): return s
    default: throw invalid("attribute \(key) is not a string")
    }
  }

  /// A string attribute that is one of the raw values of a type, or one of `others`.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, default value: Choice, others: [String: Choice] = [:]
  ) throws(GraphError) -> Choice {
    let name = try string(key, default: value.rawValue)
    guard let choice = Choice(rawValue: name) ?? others[name] else {
      let known = Choice.allCases.map(\.rawValue) + others.keys.sorted()
      throw unsupported(
        "\(key) \(name) is not known; \(known.joined(separator: ", ")) are run")
    }
    return choice
  }

  /// A list of floats; empty when absent.
  func floatList(_ key: String) throws(GraphError) -> [Float] {
    switch attributes[key] {
    case nil: return []
    case .floats(let list): return list
    case .tensor(let tensor):
      guard let list = try tensor.data().floats else { break }
      return list
    default: break
    }
    throw invalid("attribute \(key) is not a list of floats")
  }

  /// A list of floats, or of doubles that `key` or `key_as_tensor` holds; empty when absent.
  func doubleList(_ key: String) throws(GraphError) -> [Double] {
    switch attributes[key] ?? attributes["\(key)_as_tensor"] {
    case nil: return []
    case .tensor(let tensor): return try tensor.doubleData()
    default: return try floatList(key).map { Double($0) }
    }
  }

  /// A list of integers of any length; empty when absent.
  func integerList(_ key: String) throws(GraphError) -> [Int] {
    switch attributes[key] {
    case nil: return []
    case .ints(let list): return list
    case .tensor(let tensor):
      guard let list = try tensor.data().integers else { break }
      return list
    default: break
    }
    throw invalid("attribute \(key) is not a list of integers")
  }

  /// A list of strings; empty when absent.
  func stringList(_ key: String) throws(GraphError) -> [String] {
    switch attributes[key] {
    case nil: return []
    case .strings(let list): return list
    default: throw invalid("attribute \(key) is not a list of strings")
    }
  }

  /// A list of integers, or nil when absent.
  func ints(_ key: String) throws(GraphError) -> [Int]? {
    switch attributes[key] {
    case nil: return nil
    case .ints(let list) where list.count <= 64: return list
    default: throw invalid("attribute \(key) is not a short list of integers")
    }
  }
}
