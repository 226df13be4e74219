import Importers
import ModelGraph

/// Computed tensors beside the expected ones.
enum Comparison {
  /// Within the tolerance; the largest absolute error.
  case close(Float)
  /// The first difference.
  case different(String)

  static let equal = Comparison.close(0)

  /// The worse of two.
  func combined(_ other: Comparison) -> Comparison {
    switch (self, other) {
    case (.close(let a), .close(let b)): .close(max(a, b))
    case (.different, _): self
    case (.close, .different): other
    }
  }

  /// Compares all results of a model.
  init(_ computed: [TensorData], _ expected: [ONNXTensorFile]) {
    guard computed.count == expected.count else {
      self = .different("\(computed.count) outputs instead of \(expected.count)")
      return
    }
    self = zip(computed, expected).reduce(.equal) { $0.combined(Comparison($1.0, $1.1)) }
  }

  /// Integers and bools must be equal; floats within 1e-4 relative and 1e-5 absolute; the narrow
  /// formats, which Swiftlet computes in float32, within 1e-3 of both.
  private init(_ computed: TensorData, _ file: ONNXTensorFile) {
    let expected = file.data
    guard computed.shape == expected.shape, computed.type == expected.type else {
      self = .different(
        "\(computed.type.rawValue) \(computed.shape) instead of "
          + "\(expected.type.rawValue) \(expected.shape)")
      return
    }
    guard let reals = computed.floats, let wanted = expected.floats else {
      self =
        computed == expected
        ? .equal : .different("\(Self.text(computed)) instead of \(Self.text(expected))")
      return
    }
    let relative: Float = file.isNarrowFloat ? 1e-3 : 1e-4
    let absolute: Float = file.isNarrowFloat ? 1e-3 : 1e-5
    var worst: Float = 0
    for (index, (real, want)) in zip(reals, wanted).enumerated() {
      if real == want || real.isNaN && want.isNaN { continue }
      let error = abs(real - want)
      guard error <= absolute + relative * abs(want) else {
        self = .different("element \(index) is \(real) instead of \(want)")
        return
      }
      worst = max(worst, error)
    }
    self = .close(worst)
  }

  private static func text(_ data: TensorData) -> String {
    let list = (data.integers ?? []).prefix(12).map(String.init).joined(separator: " ")
    return data.count > 12 ? list + " …" : list
  }
}
