import ModelGraph
import Operators

/// Holds some values of a float graph in 16 bits: marks them, and puts rescalings wherever a node
/// computes in another width than its operand has.
struct Widening {
  private(set) var graph: Graph
  /// For each value that was added, the one whose reals it holds.
  private(set) var sources: [ValueID: ValueID] = [:]
  private let wide: Set<ValueID>
  /// Layers, sums and products that read one of these compute in 16 bits whatever their result is
  /// held in.
  private let followed: Set<ValueID>
  private var narrowed: [ValueID: ValueID] = [:]
  private var widened: [ValueID: ValueID] = [:]
  private var nodes: [Node] = []

  /// - Parameters:
  ///   - values: what becomes wide; what is already stays so.
  ///   - readersFollow: whether what reads those values computes in 16 bits too.
  init(_ graph: Graph, values: Set<ValueID>, readersFollow: Bool) {
    var marked = graph
    for id in values { marked[id].isWide = true }
    wide = Set(marked.values.indices.map(ValueID.init).filter { marked[$0].isWide })
    followed = readersFollow ? values : []
    self.graph = marked
    for node in graph.nodes { rewrite(node) }
    self.graph.nodes = nodes
  }

  private mutating func rewrite(_ original: Node) {
    guard !(original.operation is Rescale) else { return nodes.append(original) }
    var node = original
    let isForm = SixteenBitForm.exists(of: node, in: graph)
    let follows =
      SixteenBitForm.computes(node, in: graph)
      && node.inputs.contains { $0.map(followed.contains) ?? false }
    let isWide = node.outputs.contains(where: wide.contains) || follows
    if isWide { spellOut(&node) }
    for (place, input) in node.inputs.enumerated() {
      guard let input, graph[input].constant == nil else { continue }
      if wide.contains(input), !isWide || !isForm, !Self.takesState(node, place) {
        node.inputs[place] = narrowed(input)
      } else if !wide.contains(input), isWide, isForm {
        node.inputs[place] = widened(input)
      }
    }
    let result = node.outputs[0]
    switch (isWide, isForm || node.operation is Recurrent) {
    case (true, false):
      // It has no wide form: its result is widened behind it.
      rescale(&node, behind: result, isWide: false)
    case (true, true) where follows && !wide.contains(result):
      rescale(&node, behind: result, isWide: true)
    default: nodes.append(node)
    }
  }

  /// Initial states are read in any width.
  private static func takesState(_ node: Node, _ place: Int) -> Bool {
    node.operation is Recurrent && (place == 4 || place == 5)
  }

  /// A function by table as one of two operands, which has a 16-bit form.
  private mutating func spellOut(_ node: inout Node) {
    guard let form = SixteenBitForm.withConstant(node) else { return }
    let constant = graph.add(
      Value(
        name: node.name + "/constant~", type: ValueType(.float32, []),
        constant: TensorData(shape: [], floats: [form.constant])))
    node.operation = Binary(form.function)
    node.inputs = form.isLeft ? [constant, node.inputs[0]] : [node.inputs[0], constant]
  }

  /// Appends a node that computes its result in the other width, and the rescaling to it.
  private mutating func rescale(_ node: inout Node, behind result: ValueID, isWide: Bool) {
    var value = graph[result]
    value.name += isWide ? "/wide~" : "/narrow~"
    value.isWide = isWide
    node.outputs[0] = graph.add(value)
    sources[node.outputs[0]] = result
    nodes.append(node)
    nodes.append(
      Node(
        name: node.name + (isWide ? "/narrow" : "/wide"), operation: Rescale(),
        inputs: [node.outputs[0]], outputs: [result]))
  }

  private mutating func narrowed(_ id: ValueID) -> ValueID {
    if let made = narrowed[id] { return made }
    let made = rescaled(id, to: "narrow")
    narrowed[id] = made
    return made
  }

  private mutating func widened(_ id: ValueID) -> ValueID {
    if let made = widened[id] { return made }
    let made = rescaled(id, to: "wide")
    graph[made].isWide = true
    widened[id] = made
    return made
  }

  /// The value in the other width, made where it is first needed.
  private mutating func rescaled(_ id: ValueID, to suffix: String) -> ValueID {
    let name = graph[id].name + "/" + suffix
    let made = graph.add(Value(name: name + "~", type: graph[id].type))
    sources[made] = id
    nodes.append(Node(name: name, operation: Rescale(), inputs: [id], outputs: [made]))
    return made
  }
}
