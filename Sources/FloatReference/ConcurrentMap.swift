import Dispatch
import Foundation

/// Computes independent results on all cores.
///
/// - Parameters:
///   - count: how many.
///   - body: the result of a position. It runs on several threads at once.
/// - Returns: the results in the order of their positions.
/// - Throws: the error of the first position that fails.
package func concurrentMap<Value, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
  let results = Results<Value, Failure>(count: count)
  DispatchQueue.concurrentPerform(iterations: count) { index in
    results.set(index, Result { () throws(Failure) in try body(index) })
  }
  return try results.all()
}

private final class Results<Value, Failure: Error>: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Result<Value, Failure>?]

  init(count: Int) { results = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ result: Result<Value, Failure>) {
    lock.lock()
    results[index] = result
    lock.unlock()
  }

  func all() throws(Failure) -> [Value] {
    var all: [Value] = []
    for case .some(let result) in results { all.append(try result.get()) }
    return all
  }
}
