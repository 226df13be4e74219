import Lowering
import Testing

/// Random lifetimes: nothing alive together overlaps, everything is aligned, nothing is wasted
/// beyond what a step needs when there is one step.
@Suite struct ArenaPlannerTests {
  @Test(arguments: 0..<200) func liveBlocksNeverOverlap(seed: Int) {
    var random = SeededValues(seed: UInt64(seed))
    let blocks = (0..<random.int(1...40)).map { _ -> ArenaBlock in
      let start = random.int(-1...30)
      return ArenaBlock(
        bytes: random.int(1...5) == 1 ? random.int(1...9) : random.int(1...4096),
        steps: start...start + random.int(0...12))
    }
    let (offsets, size) = ArenaPlanner.place(blocks)
    #expect(offsets.count == blocks.count)
    for (block, offset) in zip(blocks, offsets) {
      #expect(offset >= 0 && offset % 64 == 0 && offset + block.bytes <= size, "seed \(seed)")
    }
    for i in blocks.indices {
      for j in 0..<i where blocks[i].steps.overlaps(blocks[j].steps) {
        let apart =
          offsets[i] + blocks[i].bytes <= offsets[j] || offsets[j] + blocks[j].bytes <= offsets[i]
        #expect(apart, "seed \(seed): blocks \(i) and \(j)")
      }
    }
    let rounded = blocks.map { ($0.bytes + 63) / 64 * 64 }
    let busiest = (-1...43).map { step in
      blocks.indices.filter { blocks[$0].steps.contains(step) }.reduce(0) { $0 + rounded[$1] }
    }.max()
    #expect(size >= busiest ?? 0 && size <= rounded.reduce(0, +), "seed \(seed)")
    #expect(ArenaPlanner.place(blocks).offsets == offsets)
  }

  @Test func chainNeedsItsTwoLargestNeighbours() {
    let sizes = [1024, 4096, 2048, 512, 64]
    let blocks = sizes.enumerated().map { ArenaBlock(bytes: $1, steps: $0 - 1...$0) }
    #expect(ArenaPlanner.place(blocks).arenaBytes == 4096 + 2048)
  }

  @Test func nothingNeedsNothing() {
    #expect(ArenaPlanner.place([]).arenaBytes == 0)
  }
}
