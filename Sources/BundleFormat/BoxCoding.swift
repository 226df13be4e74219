import CBOR
import SignalChain
import Wire

extension BoxRule {
  private static let keys = [
    "boxes", "scores", "count", "classes", "first_class", "form", "anchors", "tables", "x_first",
    "threshold", "overlap", "per_class", "detections", "class_wise",
  ]

  func cbor() -> CBORValue {
    .map([
      "boxes": boxes.cbor(), "scores": scores.cbor(), "count": .unsigned(UInt64(count)),
      "classes": .unsigned(UInt64(classes)), "first_class": .unsigned(UInt64(firstClass)),
      "form": .text(form.rawValue), "anchors": .bytes(Self.bytes(anchors)),
      "tables": .bytes(Self.bytes(tables)), "x_first": .bool(isXFirst),
      "threshold": .int(Int64(threshold)), "overlap": .int(Int64(overlap)),
      "per_class": .unsigned(UInt64(perClass)), "detections": .unsigned(UInt64(detections)),
      "class_wise": .bool(isClassWise),
    ])
  }

  /// Reads a rule; it must fit the outputs it speaks of.
  init(_ record: CBORRecord, outputs: [Port]) throws(CBORError) {
    try record.expectOnly(Self.keys)
    guard let form = Form(rawValue: try record.text(at: "form")) else {
      throw CBORError.outOfRange(path: record.pathOf("form"))
    }
    guard let threshold = Int32(exactly: try record.int(at: "threshold")) else {
      throw CBORError.outOfRange(path: record.pathOf("threshold"))
    }
    guard let overlap = Int32(exactly: try record.int(at: "overlap")) else {
      throw CBORError.outOfRange(path: record.pathOf("overlap"))
    }
    let rule = BoxRule(
      boxes: try View(try record.record(at: "boxes")),
      scores: try View(try record.record(at: "scores")), count: try record.count(at: "count"),
      classes: try record.count(at: "classes"), firstClass: try record.count(at: "first_class"),
      form: form, anchors: try Self.numbers(record, "anchors", limit: 4 * Self.boxesMax),
      tables: try Self.numbers(record, "tables", limit: 1024),
      isXFirst: try record.bool(at: "x_first"), threshold: threshold, overlap: overlap,
      perClass: try record.count(at: "per_class"), detections: try record.count(at: "detections"),
      isClassWise: try record.bool(at: "class_wise"))
    guard rule.fault == nil else { throw CBORError.outOfRange(path: record.pathOf("count")) }
    guard rule.boxes.fits(boxes: rule.count, elements: 4, outputs) else {
      throw CBORError.outOfRange(path: record.pathOf("boxes"))
    }
    guard rule.scores.fits(boxes: rule.count, elements: rule.classes, outputs) else {
      throw CBORError.outOfRange(path: record.pathOf("scores"))
    }
    self = rule
  }

  private static func bytes(_ numbers: [Int32]) -> [UInt8] {
    var writer = ByteWriter(capacity: 4 * numbers.count)
    for number in numbers { writer.i32(number) }
    return writer.bytes
  }

  private static func numbers(
    _ record: CBORRecord, _ key: String, limit: Int
  ) throws(CBORError) -> [Int32] {
    let bytes = try record.bytes(at: key)
    guard bytes.count % 4 == 0, bytes.count <= 4 * limit else {
      throw CBORError.outOfRange(path: record.pathOf(key))
    }
    var numbers: [Int32] = []
    for start in stride(from: 0, to: bytes.count, by: 4) {
      var bits: UInt32 = 0
      for index in 0..<4 { bits |= UInt32(bytes[start + index]) << (8 * UInt32(index)) }
      numbers.append(Int32(bitPattern: bits))
    }
    return numbers
  }
}

extension BoxRule.View {
  fileprivate func cbor() -> CBORValue {
    .map([
      "output": .unsigned(UInt64(output)), "first": .unsigned(UInt64(first)),
      "stride": .unsigned(UInt64(stride)), "step": .unsigned(UInt64(step)),
    ])
  }

  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["output", "first", "stride", "step"])
    let limit = 0...(1 << 26)
    self.init(
      output: try record.count(at: "output", in: limit),
      first: try record.count(at: "first", in: limit),
      stride: try record.count(at: "stride", in: limit),
      step: try record.count(at: "step", in: limit))
  }

  fileprivate func fits(boxes: Int, elements: Int, _ outputs: [Port]) -> Bool {
    guard output < outputs.count, outputs[output].element.utf8.elementsEqual("int8".utf8),
      let count = elementCount(outputs[output].shape)
    else { return false }
    return fits(boxes: boxes, elements: elements, within: count)
  }
}
