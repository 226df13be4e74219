"""A whole tile of a dense kernel: its inner loop as often as a depth needs, and all around it, from
one tile to the next: biases, requantisation, stores."""

from dataclasses import dataclass

from aarch64_loops import LEAVES, Failure, Instruction, Loop, loop_spans

# What a way through a kernel is chosen by, largest first: bytes stored, then as little multiplied
# outside the loop and as few instructions as can be.
Merit = tuple[int, int, int]


@dataclass(frozen=True)
class Way:
    """From an instruction on to the next tile: the best one, and what follows first."""

    merit: Merit
    follower: int | None
    passes_loop_later: bool


class Flow:
    """A kernel's flow of control with its inner loop as one node, that of its first instruction."""

    def __init__(self, code: list[Instruction], loop: Loop):
        self.code, self.loop = code, loop
        self.index = {instruction.address: i for i, instruction in enumerate(code)}
        self.first = self.index[loop.body[0].address]
        self.last = self.index[loop.body[-1].address]

    def successors(self, at: int) -> list[int]:
        if at != self.first:
            return [self.first if self.inside(i) else i for i in self.following(at)]
        exits = {i for own in self.loop.body for i in self.following(self.index[own.address])}
        return sorted(i for i in exits if not self.inside(i))

    def following(self, at: int) -> list[int]:
        instruction = self.code[at]
        if instruction.mnemonic in LEAVES:
            return []
        found = [] if instruction.mnemonic == "b" else [at + 1]
        found.append(self.index.get(instruction.target))
        return [i for i in found if i is not None and i < len(self.code)]

    def inside(self, at: int) -> bool:
        return self.first <= at <= self.last

    def merit(self, at: int) -> Merit:
        if at == self.first:
            return 0, 0, 0
        instruction = self.code[at]
        return instruction.stored_bytes, -instruction.operations, -1

    def finished(self, start: int) -> tuple[list[int], set[tuple[int, int]]]:
        """What is reached from `start`, followers first, and the branches that go back."""
        order, back = [], set()
        active, seen = {start}, {start}
        stack = [(start, iter(self.successors(start)))]
        while stack:
            at, rest = stack[-1]
            follower = next(rest, None)
            if follower is None:
                stack.pop()
                active.discard(at)
                order.append(at)
            elif follower in active:
                back.add((at, follower))
            elif follower not in seen:
                seen.add(follower)
                active.add(follower)
                stack.append((follower, iter(self.successors(follower))))
        return order, back

    def best_way(self, start: int) -> tuple[Merit, list[int]] | None:
        """From `start` through the inner loop back to `start`, past other loops."""
        order, back = self.finished(start)
        ways: dict[tuple[int, bool], Way] = {}
        for at in order:
            for follower in self.successors(at):
                ahead = [Way((0, 0, 0), None, False)] if follower == start else []
                if (at, follower) not in back:
                    kinds = [k for k in (False, True) if (follower, k) in ways]
                    ahead += [Way(ways[follower, k].merit, follower, k) for k in kinds]
                for way in ahead:
                    passes_loop = at == self.first or way.passes_loop_later
                    merit = tuple(a + b for a, b in zip(self.merit(at), way.merit))
                    known = ways.get((at, passes_loop))
                    if known is None or merit > known.merit:
                        ways[at, passes_loop] = Way(merit, way.follower, way.passes_loop_later)
        if (start, True) not in ways:
            return None
        path, at, passes_loop = [], start, True
        while at is not None:
            path.append(at)
            way = ways[at, passes_loop]
            at, passes_loop = way.follower, way.passes_loop_later
        return ways[start, True].merit, path


def whole_tile(code: list[Instruction], loop: Loop, name: str, per_output: int) -> Loop:
    """The instructions from one tile to the next: round the smallest loop about `loop` that
    stores outputs, where each output takes `per_output` operations."""
    flow = Flow(code, loop)
    spans = [
        (end - start, start)
        for start, end in loop_spans(code).items()
        if start < flow.first and flow.last <= end
    ]
    ways = [flow.best_way(start) for _, start in sorted(spans)]
    ways = [way for way in ways if way and way[0][0] > 0]
    if not ways:
        raise Failure(f"{name}: no loop about its inner one stores outputs")
    # Round larger loops it is the same tile; where kernels of several tiles share their ends, some
    # ways are seen from there only.
    (outputs, peeled, _), path = max(way for way in ways if way[0][0] == ways[0][0][0])
    passes, rest = divmod(outputs * per_output + peeled, loop.operations)
    if rest or passes < 1:
        raise Failure(f"{name}: no whole number of passes makes {per_output} for each output")
    body: list[Instruction] = []
    for at in path:
        body += loop.body * passes if at == flow.first else (code[at],)
    return Loop(tuple(body))
