import FloatReference
import Foundation
import Importers
import ModelGraph
import Testing

/// Sparse weights become dense as they are read.
@Suite struct TFLiteSparsityTests {
  /// DENSIFY and a dense layer of 6 features and 4 outputs, whose weights are three blocks of 2 × 2: at
  /// block column 2 of the first block row, at 0 and 1 of the second. Written with the schema's Python
  /// binding; uint16 segments, uint8 indices.
  private static let model = """
    GAAAAFRGTDMAAA4AFAAQAAwACAAAAAQADgAAACQAAAAYAAAACAAAAAMAAAACAAAA0AAAALQAAAABAAAAXAAAAAIAAAAQ\
    AAAABAAAAIL9//8IAAAA1P7//zAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQAAAwEAAAOBAAAAAQQAAgL8AAADAAABAwAAA\
    gMAMABQAEAAMAAgABAAMAAAAIAAAAAwAAAAQAAAAIAAAAAEAAAADAAAAAQAAAAAAAAACAAAAmAAAAFQAAAAEAAAAQAEA\
    AAgBAADUAAAAsAAAAAwADAALAAAAAAAEAAwAAAAJAAAAAAAACQwACgAJAAAAAAAEAAwAAAB8AAAAAHwOABgAFAAQAAwA\
    CwAEAA4AAABoAAAAAAAACAwAAAAQAAAAAQAAAAEAAAADAAAAAwAAAAAAAAACAAAA/////wAADgAUAAAAEAAMAAsABAAO\
    AAAAIAAAAAAAAGMIAAAADAAAAAEAAAACAAAAAQAAAAEAAAD8////BAAEAAQAAACI////FAAAAAQAAAACAAAAAQAAAAQA\
    AAABAAAAeQAAAKj///8UAAAABAAAAAIAAAAEAAAABgAAAAEAAAB3ABIAFAAQAAAADAAIAAAAAAAEABIAAABYAAAAGAAA\
    AAEAAAAEAAAAAgAAAAQAAAAGAAAAAQAAAHMAAAAMAAwACAAAAAAABAAMAAAAFAAAAAQAAAACAAAAAQAAAAYAAAABAAAA\
    eAAKABAADAAIAAQACgAAACwAAAAIAAAAEAAAAAIAAAAAAAAAAQAAAAQAAAAAAAAAAQAAAAIAAAADAAAABAAAACgAAAA8\
    AAAAEAAAAAQAAADw////AgAAAPj///8CAAAACAAIAAAABAAIAAAAAgAAABAAEgARAAAAEAAMAAsABAAQAAAAFAAAAAAA\
    AAMcAAAAAgEGAAoABAAGAAAAFAAAAAAABgAIAAQABgAAAAwAAAADAAAAAgABAAMAAAAAAAEAAwAAAA==
    """

  private func bytes() throws -> [UInt8] {
    Array(try #require(Data(base64Encoded: Self.model)))
  }

  /// Recorded from LiteRT 2.3.0, BUILTIN_REF.
  @Test func blocksLieWhereLiteRTHasThem() throws {
    let graph = try ModelImporter.load(bytes: try bytes(), name: "sparse")
    #expect(graph.operationNames == ["FullyConnected"])
    let x = TensorData(shape: [1, 6], floats: [1, 10, 100, 1000, 10000, 100_000])
    let y = try FloatExecutor(graph).run(inputs: [x])[0].floats
    #expect(y == [210_000, 430_000, -2035, -4213])
  }

  /// A damaged description is refused or read as another one; it never runs out of bounds.
  @Test func damageIsHarmless() throws {
    let whole = try bytes()
    for position in whole.indices {
      for bit in [0, 3, 7] {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(bit)
        _ = try? ModelImporter.load(bytes: damaged, name: "damaged")
      }
    }
  }
}
