import CMicrokernels
import PlanFormat

/// Element-wise functions by table.
struct LookupKernel {
  let loop: swl_lookup_kernel?

  func bind(_ layer: Layer, _ memory: LayerMemory) -> TableLookupCall {
    TableLookupCall(
      input: UnsafePointer(memory.elements(layer.inputs[0])),
      output: memory.elements(layer.output),
      table: memory.constants.assumingMemoryBound(to: Int8.self), count: layer.output.elementCount,
      loop: loop)
  }
}

/// A table look-up bound to its kernel.
public struct TableLookupCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let table: UnsafePointer<Int8>
  let count: Int
  let loop: swl_lookup_kernel?

  /// Computes the layer.
  @inline(__always)
  func run() { loop?(input, output, table, count) }
}
