import Wire

/// A network of two dozen kilobytes with random weights: conv, relu, depthwise conv, relu, mean,
/// dense, softmax. [1, 3, 8, 8] to four classes.
public enum SmallNetwork {
  /// The model file. `spread` multiplies the weights of every other channel by far more or less.
  public static func onnx(seed: UInt64, spread: Bool = false) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    func values(_ count: Int, per row: Int) -> [Float] {
      (0..<count).map { index in
        let factor: Float = spread ? [8, 0.05, 1, 0.3][index / row % 4] : 1
        return (Float(random.unit()) - 0.5) * factor
      }
    }
    var model = ONNXSample()
    model.input("image", ["1", "3", "8", "8"])
    model.constant("w1", [8, 3, 3, 3], floats: values(216, per: 27))
    model.constant("b1", [8], floats: values(8, per: 1))
    model.constant("w2", [8, 1, 3, 3], floats: values(72, per: 9))
    model.constant("b2", [8], floats: values(8, per: 1))
    model.constant("w3", [4, 8], floats: values(32, per: 100))
    model.constant("b3", [4], floats: values(4, per: 100))
    let window = ["kernel_shape": ONNXSample.Attribute.ints([3, 3])]
    let pads = ONNXSample.Attribute.ints([1, 1, 1, 1])
    model.node("Conv", ["image", "w1", "b1"], ["c1"], window.merging(["pads": pads]) { $1 })
    model.node("Relu", ["c1"], ["r1"])
    model.node("Conv", ["r1", "w2", "b2"], ["c2"], window.merging(["group": .int(8)]) { $1 })
    model.node("Relu", ["c2"], ["r2"])
    model.node("GlobalAveragePool", ["r2"], ["m"])
    model.node("Flatten", ["m"], ["f"])
    model.node("Gemm", ["f", "w3", "b3"], ["scores"], ["transB": .int(1)])
    model.node("Softmax", ["scores"], ["classes"])
    model.output("classes")
    return model.bytes
  }

  /// Inputs: `count` items, values −1…1.
  public static func inputs(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count * 192).map { _ in Float(random.unit()) * 2 - 1 }
  }
}
