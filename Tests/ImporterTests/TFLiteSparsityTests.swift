import FloatReference
import Importers
import ModelGraph
import ModelSamples
import Testing

/// Sparse weights become dense as they are read.
@Suite struct TFLiteSparsityTests {
  /// Recorded from LiteRT 2.3.0, BUILTIN_REF.
  @Test func blocksLieWhereLiteRTHasThem() throws {
    let graph = try ModelImporter.load(bytes: SparseModel.bytes, name: "sparse")
    #expect(graph.operationNames == ["FullyConnected"])
    let x = TensorData(shape: [1, 6], floats: [1, 10, 100, 1000, 10000, 100_000])
    let y = try FloatExecutor(graph).run(inputs: [x])[0].floats
    #expect(y == [210_000, 430_000, -2035, -4213])
  }

  /// A damaged description is refused or read as another one; it never runs out of bounds.
  @Test func damageIsHarmless() throws {
    let whole = SparseModel.bytes
    for position in whole.indices {
      for bit in [0, 3, 7] {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(bit)
        _ = try? ModelImporter.load(bytes: damaged, name: "damaged")
      }
    }
  }
}
