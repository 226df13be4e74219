import ModelGraph
import Operators

/// First and second moments of what a layer's weights meet on the calibration data: Σ x and Σ x · xᵀ
/// over the rows of `FeaturePatches`; one matrix, or one per channel for a depthwise layer, whose
/// channels meet their own taps only.
struct InputMoments: Sendable {
  /// Widest rows whose products are summed: their factor takes time with the cube of it.
  static let sizeMax = 1280

  /// Rows that were summed.
  private(set) var count = 0
  /// Matrices: 1, or the channels of a depthwise layer.
  let groups: Int
  /// Rows and columns of a matrix.
  let size: Int
  /// Σ x, [size, groups]: element i of group g at i · groups + g, as a row lies.
  private(set) var sums: [Float]
  /// Upper triangles of Σ x · xᵀ, [groups, size, size]; empty where rows are too wide.
  private(set) var products: [Float]

  /// - Parameters:
  ///   - length: elements of a row.
  ///   - groups: how many interleaved parts of a row do not meet.
  init(length: Int, groups: Int) {
    self.groups = groups
    size = length / groups
    sums = [Float](repeating: 0, count: length)
    products = size > Self.sizeMax ? [] : [Float](repeating: 0, count: groups * size * size)
  }

  /// Adds a row. The order of the calls decides the last bits.
  private mutating func add(_ row: UnsafeBufferPointer<Float>) {
    count += 1
    let (groups, size) = (groups, size)
    sums.withUnsafeMutableBufferPointer { sums in
      for index in 0..<row.count { sums[index] += row[index] }
    }
    guard !products.isEmpty else { return }
    products.withUnsafeMutableBufferPointer { products in
      for group in 0..<groups {
        for i in 0..<size {
          let value = row[i * groups + group]
          if value == 0 { continue }
          let line = (group * size + i) * size
          if groups == 1 {
            for j in i..<size { products[line + j] += value * row[j] }
          } else {
            for j in i..<size { products[line + j] += value * row[j * groups + group] }
          }
        }
      }
    }
  }

  /// Adds rows of an operand, evenly spread over it.
  mutating func add(_ patches: FeaturePatches, of operand: [Float], atMost limit: Int) {
    let used = min(limit, patches.count)
    var row = [Float](repeating: 0, count: patches.length)
    row.withUnsafeMutableBufferPointer { row in
      operand.withUnsafeBufferPointer { operand in
        for index in 0..<used {
          patches.copy(index * patches.count / used, of: operand, into: row)
          add(UnsafeBufferPointer(row))
        }
      }
    }
  }

  /// Mean of element i of a group's rows.
  func mean(_ i: Int, group: Int) -> Double {
    count == 0 ? 0 : Double(sums[i * groups + group]) / Double(count)
  }
}
