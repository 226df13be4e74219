import ModelGraph
import PlanFormat

/// The float reference of a convolution, channels last: eight output channels of four neighbouring
/// columns at a time.
///
/// Each output is summed kernel row by row, column by column, channel by channel, starting from the bias:
/// one order on every host. The outputs of a tile are independent of one another, so it vectorises without
/// reordering a sum.
struct FloatConvolution {
  private typealias Lanes = SIMD8<Float>
  private static let lanes = Lanes.scalarCount

  private let padded: PaddedWindow
  private let groups: Int
  private let activation: Activation
  /// Input channels of a group.
  private let depth: Int
  /// Output channels of a group.
  private let filters: Int
  /// Products in one sum.
  private let taps: Int
  /// Panels of eight output channels in a group; the last is filled with zeros.
  private let panels: Int
  /// [groups, panels, taps].
  private var weights: [Lanes]
  /// [groups, panels].
  private var biases: [Lanes]

  /// Arranges weights [O, KH, KW, I / groups] and a bias [O].
  init(
    padded: PaddedWindow, groups: Int, activation: Activation, shape: [Int], weights: [Float],
    bias: [Float]
  ) {
    self.padded = padded
    self.groups = groups
    self.activation = activation
    depth = shape[3]
    filters = shape[0] / groups
    taps = shape[1...].reduce(1, *)
    panels = (filters + Self.lanes - 1) / Self.lanes
    self.weights = Array(repeating: .zero, count: groups * panels * taps)
    biases = Array(repeating: .zero, count: groups * panels)
    for filter in 0..<shape[0] {
      let (group, place) = filter.quotientAndRemainder(dividingBy: filters)
      let (panel, lane) = place.quotientAndRemainder(dividingBy: Self.lanes)
      let position = group * panels + panel
      biases[position][lane] = bias[filter]
      for tap in 0..<taps {
        self.weights[position * taps + tap][lane] = weights[filter * taps + tap]
      }
    }
  }

  /// Neighbouring outputs of one row that see the same columns of the kernel.
  private struct Tile {
    static let width = 4
    let row: Int
    let column: Int
    let width: Int
    let kernelRows: Range<Int>
    let kernelColumns: Range<Int>
  }

  /// The output of shape `outputs` for an input of shape `inputs`, both [1, H, W, C].
  func run(_ input: [Float], inputs: [Int], outputs: [Int]) -> [Float] {
    var result = [Float](repeating: 0, count: outputs.reduce(1, *))
    var patch = [SIMD4<Float>](repeating: .zero, count: taps)
    result.withUnsafeMutableBufferPointer { result in
      patch.withUnsafeMutableBufferPointer { patch in
        input.withUnsafeBufferPointer { input in
          for row in 0..<outputs[1] {
            var column = 0
            while column < outputs[2] {
              let tile = tile(row, column, inputs: inputs, outputs: outputs)
              for group in 0..<groups {
                gather(tile, group: group, input, inputs, into: patch)
                for panel in 0..<panels {
                  store(
                    sums(tile, position: group * panels + panel, patch), tile, group: group,
                    panel: panel, outputs: outputs, into: result)
                }
              }
              column += tile.width
            }
          }
        }
      }
    }
    return result
  }

  private func tile(_ row: Int, _ column: Int, inputs: [Int], outputs: [Int]) -> Tile {
    let seen = padded.columns(at: column, width: inputs[2])
    var width = 1
    while width < Tile.width, column + width < outputs[2],
      padded.columns(at: column + width, width: inputs[2]) == seen
    { width += 1 }
    return Tile(
      row: row, column: column, width: width,
      kernelRows: padded.rows(at: row, height: inputs[1]), kernelColumns: seen)
  }

  /// What the outputs of a tile multiply, one after another in the order of their sums.
  private func gather(
    _ tile: Tile, group: Int, _ input: UnsafeBufferPointer<Float>, _ inputs: [Int],
    into patch: UnsafeMutableBufferPointer<SIMD4<Float>>
  ) {
    let window = padded.window
    for place in 0..<tile.width {
      let left = (tile.column + place) * window.strideWidth - window.paddingLeft
      var tap = 0
      for ky in tile.kernelRows {
        let y = tile.row * window.strideHeight - window.paddingTop + ky * window.dilationHeight
        for kx in tile.kernelColumns {
          let x = left + kx * window.dilationWidth
          let source = (y * inputs[2] + x) * inputs[3] + group * depth
          for channel in 0..<depth { patch[tap + channel][place] = input[source + channel] }
          tap += depth
        }
      }
    }
  }

  /// The sums of a panel's channels, for each column of a tile.
  private func sums(
    _ tile: Tile, position: Int, _ patch: UnsafeMutableBufferPointer<SIMD4<Float>>
  ) -> (Lanes, Lanes, Lanes, Lanes) {
    let bias = biases[position]
    var (first, second, third, fourth) = (bias, bias, bias, bias)
    weights.withUnsafeBufferPointer { weights in
      let rowTaps = padded.window.width * depth
      let length = tile.kernelColumns.count * depth
      var place = 0
      for ky in tile.kernelRows {
        let start = position * taps + ky * rowTaps + tile.kernelColumns.lowerBound * depth
        for tap in start..<start + length {
          let (factors, values) = (weights[tap], patch[place])
          first += factors * values[0]
          second += factors * values[1]
          third += factors * values[2]
          fourth += factors * values[3]
          place += 1
        }
      }
    }
    return (first, second, third, fourth)
  }

  private func store(
    _ sums: (Lanes, Lanes, Lanes, Lanes), _ tile: Tile, group: Int, panel: Int, outputs: [Int],
    into result: UnsafeMutableBufferPointer<Float>
  ) {
    let first = panel * Self.lanes
    let count = min(Self.lanes, filters - first)
    for place in 0..<tile.width {
      let values = place == 0 ? sums.0 : place == 1 ? sums.1 : place == 2 ? sums.2 : sums.3
      let start =
        (tile.row * outputs[2] + tile.column + place) * outputs[3] + group * filters + first
      for lane in 0..<count { result[start + lane] = activation.apply(values[lane]) }
    }
  }
}
