import ModelGraph
import Operators

/// Element-wise nodes whose operands are all functions of one tensor become one function of it: a
/// sum with a number, chains, and diamonds such as x · sigmoid(x). Each is one table on a device.
enum FusePointwise {
  /// Parts of an expression beyond which it grows no more.
  static let sizeLimit = 128

  /// A value as a function of another.
  private struct Form {
    let root: ValueID
    let expression: PointwiseExpression
  }

  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.outputs.count == 1, node.operation.isElementwise,
      let form = form(of: node, editor), form.expression.size <= sizeLimit
    else { return false }
    let fused = Pointwise(form.expression)
    let output = node.outputs[0]
    // Other results than the root's type and shape (a repetition, a cast) are no function of it.
    guard editor[form.root].type.element == .float32,
      try fused.resultTypes([editor[form.root].type]) == [editor[output].type]
    else { return false }
    if let line = form.expression.line, line == (1, 0),
      editor.replaceUses(of: output, with: form.root)
    {
      return true
    }
    editor.replace(
      index, with: Node(name: node.name, operation: fused, inputs: [form.root], outputs: [output]))
    return true
  }

  private static func form(of node: Node, _ editor: GraphEditor) -> Form? {
    if let pointwise = node.operation as? Pointwise {
      // A table read by others too is there anyway.
      guard let input = node.inputs[0], editor.isPrivate(input),
        let inner = step(input, editor)
      else { return nil }
      return Form(root: inner.root, expression: pointwise.expression.after(inner.expression))
    }
    let computed = node.inputs.compactMap { $0 }.filter { editor[$0].constant == nil }
    guard computed.count > 0, computed.count == node.inputs.count - constants(node, editor) else {
      return nil
    }
    for candidate in forms(computed[0], editor) {
      var operands: [PointwiseExpression] = []
      for case .some(let input) in node.inputs {
        if let number = number(input, editor) {
          operands.append(.constant(number))
        } else if let form = forms(input, editor).first(where: { $0.root == candidate.root }) {
          operands.append(form.expression)
        }
      }
      if operands.count == node.inputs.count, let whole = combined(node, operands, editor) {
        return Form(root: candidate.root, expression: whole)
      }
    }
    return nil
  }

  private static func constants(_ node: Node, _ editor: GraphEditor) -> Int {
    node.inputs.count { $0.map { number($0, editor) != nil } ?? false }
  }

  /// The number a constant consists of, if it is one.
  private static func number(_ id: ValueID, _ editor: GraphEditor) -> Double? {
    guard let constant = editor[id].constant else { return nil }
    if let floats = constant.floats, let first = floats.first {
      return floats.allSatisfy { $0 == first } ? Double(first) : nil
    }
    guard let integers = constant.integers, let first = integers.first else { return nil }
    return integers.allSatisfy { $0 == first } ? Double(first) : nil
  }

  /// What a node computes of its operands' expressions.
  private static func combined(
    _ node: Node, _ operands: [PointwiseExpression], _ editor: GraphEditor
  ) -> PointwiseExpression? {
    switch node.operation {
    case let binary as Binary:
      let value = PointwiseExpression.binary(binary.function, operands[0], operands[1])
      switch binary.activation {
      case .none: return value
      case .relu: return .relu.after(value)
      case .relu6: return .relu6.after(value)
      }
    case is Where: return .select(operands[0], operands[1], operands[2])
    case let cast as Cast where cast.element == .float32:
      guard let input = node.inputs[0], editor[input].type.element == .bool else { return nil }
      return .select(operands[0], .constant(1), .constant(0))
    default: return nil
    }
  }

  /// A value as a function of itself, of its producer's operand, and so on.
  private static func forms(_ id: ValueID, _ editor: GraphEditor) -> [Form] {
    var forms = [Form(root: id, expression: .variable)]
    while let last = forms.last, let inner = step(last.root, editor),
      last.expression.size * inner.expression.size <= sizeLimit * sizeLimit
    {
      let whole = last.expression.after(inner.expression)
      guard whole.size <= sizeLimit else { break }
      forms.append(Form(root: inner.root, expression: whole))
    }
    return forms
  }

  private static func step(_ id: ValueID, _ editor: GraphEditor) -> Form? {
    guard let (_, producer) = editor.producer(id),
      let pointwise = producer.operation as? Pointwise, let root = producer.inputs[0]
    else { return nil }
    return Form(root: root, expression: pointwise.expression)
  }
}
