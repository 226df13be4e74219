/// An ONNX file as a tree of fields, as far as it can be read: what is changed in it keeps the lengths
/// around it right.
struct ProtobufTree {
  /// Messages that hold others, by the fields that do.
  enum Kind {
    case model, graph, node, attribute, tensor, info, type, tensorType, shape, leaf

    /// The kind of the message in field `number`; nil where that is no message.
    func inner(_ number: UInt64) -> Kind? {
      switch (self, number) {
      case (.model, 7), (.attribute, 6): .graph
      case (.model, 8), (.shape, 1), (.tensor, 13): .leaf
      case (.graph, 1): .node
      case (.graph, 5), (.attribute, 5): .tensor
      case (.graph, 11), (.graph, 12): .info
      case (.node, 5): .attribute
      case (.info, 2): .type
      case (.type, 1): .tensorType
      case (.tensorType, 2): .shape
      default: nil
      }
    }
  }

  /// What a field holds.
  indirect enum Payload {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message(ProtobufTree)
  }

  struct Field {
    var number: UInt64
    var payload: Payload
  }

  let kind: Kind
  var fields: [Field] = []

  /// Reads what can be read; nil for bytes that are no message.
  init?(_ bytes: ArraySlice<UInt8>, kind: Kind = .model, depth: Int = 0) {
    self.kind = kind
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = Self.varint(&rest), tag >> 3 > 0 else { return nil }
      let payload: Payload
      switch tag & 7 {
      case 0:
        guard let value = Self.varint(&rest) else { return nil }
        payload = .varint(value)
      case 1, 5:
        let size = tag & 7 == 1 ? 8 : 4
        guard rest.count >= size else { return nil }
        payload = .fixed(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      case 2:
        guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return nil }
        let content = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        if depth < 16, let inner = kind.inner(tag >> 3),
          let tree = ProtobufTree(content, kind: inner, depth: depth + 1)
        {
          payload = .message(tree)
        } else {
          payload = .bytes(Array(content))
        }
      default: return nil
      }
      fields.append(Field(number: tag >> 3, payload: payload))
    }
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The message written.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      func tag(_ wire: UInt64) { Self.append(field.number << 3 | wire, to: &bytes) }
      switch field.payload {
      case .varint(let value):
        tag(0)
        Self.append(value, to: &bytes)
      case .fixed(let raw):
        tag(raw.count == 8 ? 1 : 5)
        bytes += raw
      case .bytes(let raw):
        tag(2)
        Self.append(UInt64(raw.count), to: &bytes)
        bytes += raw
      case .message(let tree):
        let raw = tree.bytes
        tag(2)
        Self.append(UInt64(raw.count), to: &bytes)
        bytes += raw
      }
    }
    return bytes
  }

  /// Calls `body` with each field and the message it stands in.
  func forEach(_ body: (Kind, Field) -> Void) {
    for field in fields {
      body(kind, field)
      if case .message(let tree) = field.payload { tree.forEach(body) }
    }
  }

  /// Changes the message that holds field `index`, counted as ``forEach(_:)`` does.
  mutating func change(_ index: Int, _ body: (inout ProtobufTree, Int) -> Void) {
    var left = index
    _ = change(&left, body)
  }

  private mutating func change(
    _ left: inout Int, _ body: (inout ProtobufTree, Int) -> Void
  ) -> Bool {
    for position in fields.indices {
      if left == 0 {
        body(&self, position)
        return true
      }
      left -= 1
      if case .message(var tree) = fields[position].payload, tree.change(&left, body) {
        fields[position].payload = .message(tree)
        return true
      }
    }
    return false
  }
}
