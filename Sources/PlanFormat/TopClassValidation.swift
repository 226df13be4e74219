extension InstructionValidator {
  /// One position per row of the last axis.
  func topClass(_ input: PlanTensor, _ result: PlanTensor) throws(PlanError) {
    try require(
      input.elementCount / input.shape[input.shape.count - 1] == result.elementCount,
      "does not give one class per row")
  }
}
