import Foundation
import ModelGraph

/// Results of items computed on several threads, kept in the items' order.
final class ItemResults: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Result<[TensorData], GraphError>?]

  init(count: Int) { results = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ result: Result<[TensorData], GraphError>) {
    lock.lock()
    results[index] = result
    lock.unlock()
  }

  /// All results; the first failed item's error otherwise.
  func all() throws(GraphError) -> [[TensorData]] {
    var all: [[TensorData]] = []
    for case .some(let result) in results { all.append(try result.get()) }
    return all
  }
}
