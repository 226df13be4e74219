/// A block of bytes alive from the step that writes it to the last step that reads it.
package struct ArenaBlock: Sendable, Equatable {
  package var bytes: Int
  package var steps: ClosedRange<Int>

  package init(bytes: Int, steps: ClosedRange<Int>) {
    self.bytes = bytes
    self.steps = steps
  }
}

/// Places blocks in one arena so that blocks alive at the same step never overlap.
///
/// Greedy by size (Pisarchyk & Lee 2020, "Efficient Memory Management for Deep Neural Net
/// Inference", section 4.3): the largest block first, each in the smallest gap that holds it. Ties
/// go to the earlier block, so the plan is the same on every host.
package enum ArenaPlanner {
  /// Every offset is a multiple of this: a cache line, and the widest vector of any tier.
  package static let alignment = 64

  /// One offset per block, and the arena's size.
  package static func place(_ blocks: [ArenaBlock]) -> (offsets: [Int], arenaBytes: Int) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [Int] = []
    let order = blocks.indices.sorted {
      (blocks[$1].bytes, $0) < (blocks[$0].bytes, $1)
    }
    for block in order {
      let neighbours = placed.filter { blocks[$0].steps.overlaps(blocks[block].steps) }
        .sorted { (offsets[$0], $0) < (offsets[$1], $1) }
      let needed = aligned(blocks[block].bytes)
      var best: (offset: Int, slack: Int)?
      var end = 0
      for neighbour in neighbours {
        let gap = offsets[neighbour] - end
        if gap >= needed, gap - needed < best?.slack ?? .max { best = (end, gap - needed) }
        end = max(end, offsets[neighbour] + aligned(blocks[neighbour].bytes))
      }
      offsets[block] = best?.offset ?? end
      placed.append(block)
    }
    let size = blocks.indices.map { offsets[$0] + aligned(blocks[$0].bytes) }.max() ?? 0
    return (offsets, size)
  }

  private static func aligned(_ bytes: Int) -> Int {
    (bytes + alignment - 1) / alignment * alignment
  }
}
