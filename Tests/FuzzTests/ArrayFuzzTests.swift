import Arrays
import HostArrays
import Testing
import Wire

/// .npy, .npz and .csv.
@Suite("fuzz arrays") struct ArrayFuzzTests {
  static func arrays() throws -> [NumericArray] {
    [
      try NumericArray(floats: [1, -2.5, 3, 0, 5, 6], shape: [2, 3]),
      try NumericArray(int8: [1, 2, 3], shape: [3]),
      try NumericArray(int64: [.max, .min], shape: [1, 2, 1]),
      try NumericArray(floats: [], shape: [0, 4]),
    ]
  }

  @Test func npy() throws {
    Fuzzer("npy", try Self.arrays().map(Npy.write)).run { bytes in
      let array = try Npy.read(bytes)
      #expect(array.bytes.count <= bytes.count)
      return Npy.write(array)
    }
  }

  @Test func npz() throws {
    let named = try Self.arrays().enumerated().map { (name: "a\($0.offset)", array: $0.element) }
    let limit = 1 << 20
    Fuzzer("npz", [try Npz.write(named), try Npz.write([])]).run { bytes in
      let arrays = try Npz(bytes, path: "fuzz.npz", limit: limit).arrays()
      #expect(arrays.allSatisfy { $0.array.bytes.count <= limit })
      return nil
    }
  }

  @Test func csv() {
    let texts = ["a,b\n1,2\n3.5,-4e9\n", "\u{feff}\"a,\"\"b\",c\r\n1,2\r\n", "x\n1\n"]
    Fuzzer("csv", texts.map { Array($0.utf8) }).run { bytes in
      let table = try CSVTable(bytes, path: "fuzz.csv")
      let array = try table.array()
      #expect(array.count == array.shape[0] * table.columns.count)
      #expect(array.asFloats().allSatisfy { !$0.isNaN })
      _ = try table.read(table.columns.indices.map { ($0, .texts) })
      return nil
    }
  }
}
