import Arrays
import BundleFormat
import CommandLineKit

/// Compares outputs with what they should be, exactly unless told otherwise.
struct Expectation {
  let expected: NumericArray
  /// Steps of the output's scale by which an element may differ.
  let tolerance: Int

  /// - Throws: exit 13 saying how many elements differ, and where the worst is.
  func check(_ output: OutputCollector, items: Int) throws(CommandFailure) {
    let count = output.reals.count
    guard expected.count == count else {
      throw CommandFailure(
        .threshold,
        "output \(output.port.name) has \(count) elements, expected \(expected.count)"
      )
    }
    let differences = try differences(output)
    var wrong = 0
    var worst = 0
    for index in differences.indices where differences[index] > Double(tolerance) {
      wrong += 1
      if differences[index] > differences[worst] || wrong == 1 { worst = index }
    }
    guard wrong > 0 else { return }
    let size = count / max(items, 1)
    throw CommandFailure(
      .threshold,
      "output \(output.port.name): \(wrong) of \(differences.count) elements differ by more than \(tolerance), the worst by \(Int(differences[worst])) at item \(worst / size), element \(worst % size)"
    )
  }

  /// |expected − got| of each element in steps of the scale.
  private func differences(_ output: OutputCollector) throws(CommandFailure) -> [Double] {
    if expected.type == .int8 || output.isClass {
      let levels: [Int64]
      do throws(ArrayError) {
        levels = try expected.asInt64()
      } catch {
        throw CommandFailure(.failed, error.message)
      }
      return zip(levels, output.levels).map { Double($0) - Double($1) }.map { abs($0) }
    }
    guard expected.type == .float32 || expected.type == .float64 else {
      throw CommandFailure(
        .failed, "the expected array is \(expected.type.name), not int8 or float32")
    }
    return zip(expected.asFloats(), output.reals).map { wanted, got in
      guard wanted != got else { return 0 }
      let steps = (Double(wanted) - Double(got)) / Double(output.port.scale)
      // A difference below half a step still is one: exact means exact.
      return steps.isFinite ? max(abs(steps).rounded(), 1) : Double(Int32.max)
    }
  }
}
