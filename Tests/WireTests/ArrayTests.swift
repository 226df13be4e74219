import Arrays
import Foundation
import HostArrays
import TestSupport
import Testing
import Wire

@Suite("Arrays")
struct ArrayTests {
  static func random(_ generator: inout SplitMix64) throws -> NumericArray {
    let types = ArrayElementType.allCases
    let type = types[Int(generator.below(UInt64(types.count)))]
    let shape = (0..<generator.below(5)).map { _ in Int(generator.below(5)) }
    let count = shape.reduce(type.size, *)
    return try NumericArray(type: type, shape: shape, bytes: generator.bytes(count))
  }

  private func file(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
    let length = header.utf8.count
    var bytes: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]
    bytes += [UInt8(length & 0xff), UInt8(length >> 8)] + (version > 1 ? [0, 0] : [])
    return bytes + Array(header.utf8) + data
  }

  @Test("random arrays round trip; damaged ones never crash")
  func roundTrips() throws {
    for seed in UInt64(1)...100 {
      var generator = SplitMix64(seed: seed)
      let array = try Self.random(&generator)
      let bytes = Npy.write(array)
      #expect((bytes.count - array.bytes.count) % 64 == 0)
      #expect(try Npy.read(bytes) == array, "seed \(seed)")
      for prefix in Damage.truncations(bytes) {
        #expect(throws: ArrayError.self, "seed \(seed)") { try Npy.read(prefix) }
      }
      for damaged in Damage.flips(Array(bytes.prefix(160))) { _ = try? Npy.read(damaged) }
    }
  }

  @Test("headers of every version and spacing")
  func headers() throws {
    let data: [UInt8] = [1, 0, 2, 0]
    for version in UInt8(1)...3 {
      let bytes = file(
        "{\"shape\":(2,),'fortran_order':False,'descr':'<i2'}", data, version: version)
      #expect(try Npy.read(bytes).asInt64() == [1, 2])
    }
    #expect(
      try Npy.read(file("{'descr': '|i1', 'fortran_order': False, 'shape': ()}", [255])).asInt8()
        == [-1])
    #expect(
      try Npy.read(file("{'descr': '>i1', 'fortran_order': False, 'shape': (0, 3), }")).count == 0)
  }

  @Test("what we do not read is refused by name")
  func refused() {
    let cases: [(String, ArrayError)] = [
      ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", .bigEndian),
      ("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", .fortranOrder),
      ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", .unsupportedType("<c8")),
      ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", .unsupportedType("|O")),
      ("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", .unsupportedType("<f2")),
      (
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        .unsupportedType("structured")
      ),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", .tooManyAxes(9)),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", .tooLarge),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", .tooLarge),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        .sizeMismatch(expected: 12, found: 4)
      ),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", .badHeader),
      ("{'descr': '<f4', 'fortran_order': False, }", .badHeader),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", .badHeader),
      ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", .badHeader),
      ("", .badHeader),
    ]
    for (header, error) in cases {
      #expect(throws: error, "\(header)") { try Npy.read(file(header, [0, 0, 0, 0])) }
    }
    #expect(throws: ArrayError.notNpy) { try Npy.read([]) }
    #expect(throws: ArrayError.unsupportedVersion(9)) { try Npy.read(file("{}", version: 9)) }
  }

  @Test("views convert elements")
  func views() throws {
    let array = try NumericArray(floats: [0.5, -2, .infinity], shape: [3])
    #expect(array.asFloats() == [0.5, -2, .infinity])
    #expect(array.asDoubles() == [0.5, -2, .infinity])
    #expect(throws: ArrayError.wrongType(expected: "int8", found: .float32)) { try array.asInt8() }
    #expect(throws: ArrayError.wrongType(expected: "an integer type", found: .float32)) {
      try array.asInt64()
    }
    let wide = try NumericArray(int64: [.min, -1, .max], shape: [3, 1])
    #expect(try wide.asInt64() == [.min, -1, .max])
    #expect(try wide.items(1..<2).asInt64() == [-1])
    #expect(throws: ArrayError.indexOutOfRange(4, count: 3)) { try wide.items(0..<4) }
    #expect(try NumericArray(int32: [7, -7], shape: [2]).asFloats() == [7, -7])
    #expect(throws: ArrayError.sizeMismatch(expected: 8, found: 12)) {
      try NumericArray(floats: [1, 2, 3], shape: [2])
    }
  }

  @Test("an archive round trips, and its damage is found")
  func archives() throws {
    var generator = SplitMix64(seed: 42)
    let first = try Self.random(&generator)
    let second = try NumericArray(floats: [1, 2], shape: [2])
    let bytes = try Npz.write([("x", first), ("labels", second)])
    let archive = try Npz(bytes, path: "a.npz", limit: 1 << 20)
    #expect(archive.names == ["x", "labels"])
    #expect(try archive.array("x") == first)
    #expect(try archive.array("labels") == second)
    for damaged in Damage.flips(bytes) + Damage.truncations(bytes) {
      guard let other = try? Npz(damaged, path: "a.npz", limit: 1 << 20) else { continue }
      for name in other.names {
        guard let array = try? other.array(name) else { continue }
        #expect(array == first || array == second)
      }
    }
    #expect(throws: ArrayFileError.self) { try Npz(bytes, path: "a.npz", limit: 100) }
  }

  /// Written by NumPy 2 (numpy.savez_compressed with a=int16 [1, -2, 3]): a deflated member behind
  /// a local header with ZIP64 placeholders.
  @Test("an archive NumPy compressed is read")
  func compressed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("n.npz", try Hex.decode(NumpySamples.compressedArchive))
    #expect(try ArrayFile.read(path).asInt64() == [1, -2, 3])
    #expect(try ArrayFile.read(path + ":a").asInt64() == [1, -2, 3])
    #expect(throws: ArrayFileError.noSuchArray("b", names: ["a"], path: path)) {
      try ArrayFile.read(path + ":b")
    }
  }

  @Test("our .npy is NumPy's byte for byte")
  func numpyBytes() throws {
    let array = try NumericArray(floats: [0, 1, 2, 3, 4, 5], shape: [2, 3])
    #expect(Hex.encode(Npy.write(array)) == NumpySamples.float2x3)
  }
}
