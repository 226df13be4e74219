extension InstructionValidator {
  func treeEnsemble(
    _ parameters: TreeEnsembleParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let features = input.shape[input.shape.count - 1]
    let outputs = result.shape[result.shape.count - 1]
    try require(
      input.elementCount / features == result.elementCount / outputs, "changes the item count")
    let width = parameters.leafWidth
    try require((1...outputs).contains(width), "has leaves of another width than its outputs")
    let parts = [
      (parameters.trees, TreeEnsembleParameters.treeBytes),
      (parameters.nodes, TreeEnsembleParameters.nodeBytes),
      (parameters.leaves, width * result.element.byteCount),
    ]
    for (reference, size) in parts {
      let count = reference.byteCount / size
      try require(count > 0, "has no trees, nodes or leaves")
      try constant(reference, count: [count], times: size)
    }
    try constant(parameters.bias, count: [outputs], times: result.element.byteCount)
  }
}

extension Plan {
  func validate(
    _ parameters: TreeEnsembleParameters, _ instruction: Instruction,
    _ weights: UnsafeRawBufferPointer
  ) throws(PlanError) {
    let input = tensors[instruction.inputs[0].position]
    let result = tensors[instruction.output.position]
    let validator = TreeValidator(
      parameters, features: input.shape[input.shape.count - 1],
      outputs: result.shape[result.shape.count - 1], element: result.element)
    guard let start = weights.baseAddress else { throw .invalid("there are no weights") }
    let (trees, nodes) = (start + parameters.trees.offset, start + parameters.nodes.offset)
    guard validator.pathsEnd(trees: trees, nodes: nodes) else {
      throw .invalid("\(instruction.name) has a tree with a path that does not end at a leaf")
    }
    guard
      validator.sumsFit(
        trees: trees, nodes: nodes, leaves: start + parameters.leaves.offset,
        bias: start + parameters.bias.offset)
    else { throw .invalid("\(instruction.name) has leaves whose sum could overflow") }
  }
}
