import Arrays
import DeviceRuntime
import Foundation
import ModelGraph
import PlanFormat
import SignalChain

extension Packer {
  /// The rule that a recipe asks boxes to be found by, in the integers of this model.
  ///
  /// - Throws: `PackError` naming what the model has not, or what does not go together.
  func boxRule(_ graph: Graph, _ integers: IntegerModel) throws(PackError) -> BoxRule? {
    guard let recipe = request.boxes else { return nil }
    guard request.decision == nil else {
      throw PackError(.failed, "a model has boxes or a decision, not both")
    }
    let outputs = graph.outputs.map { graph[$0].name }
    func position(_ name: String?, _ usual: Int) throws(PackError) -> Int {
      guard let name else { return usual }
      guard let position = outputs.firstIndex(of: name) else {
        throw PackError(
          .failed, "boxes: the model has no output called \(name)",
          hint: "it has \(outputs.joined(separator: ", "))")
      }
      return position
    }
    guard let form = BoxRule.Form(rawValue: recipe.form) else {
      throw PackError(.failed, "boxes.form is corners, centre or anchors, not \(recipe.form)")
    }
    let boxes = try position(recipe.boxes, 0)
    let scores = try position(recipe.scores, boxes)
    for output in [boxes, scores]
    where integers.session.outputTensor(output).element != .int8 {
      throw PackError(
        .failed, "boxes: \(outputs[output]) is not int8",
        hint: "boxes of others are not decoded yet")
    }
    let isFirst = recipe.elementsFirst ?? false
    let coordinates = try Self.matrix(graph, boxes, isFirst)
    let classes = try Self.matrix(graph, scores, isFirst)
    let isShared = boxes == scores
    guard coordinates.boxes == classes.boxes, isShared || coordinates.elements == 4,
      !isShared || coordinates.elements > 4
    else {
      throw PackError(
        .failed,
        "boxes: \(outputs[boxes]) of shape \(graph[graph.outputs[boxes]].type.shape) and "
          + "\(outputs[scores]) of \(graph[graph.outputs[scores]].type.shape) are not four coordinates "
          + "and some scores of the same boxes",
        hint: "name the outputs; set elementsFirst where all boxes' first elements come together")
    }
    let skipped = isShared ? 4 : 0
    let score = integers.session.outputTensor(scores)
    let level = (recipe.threshold / Double(score.scale)).rounded(.up) + Double(score.zeroPoint)
    let rule = BoxRule(
      boxes: coordinates.view(boxes, skipping: 0, isFirst),
      scores: classes.view(scores, skipping: skipped, isFirst), count: coordinates.boxes,
      classes: classes.elements - skipped, firstClass: recipe.background == true ? 1 : 0,
      form: form, anchors: try anchors(form, coordinates.boxes),
      tables: try tables(recipe, form, integers.session.outputTensor(boxes)),
      isXFirst: recipe.xFirst ?? false, threshold: Int32(min(max(level, -128), 128)),
      overlap: Int32(min(max(recipe.overlap * 65_536, -1), 65_537).rounded()),
      perClass: recipe.perClass ?? 100, detections: recipe.detections ?? 100,
      isClassWise: recipe.classWise ?? true)
    if let fault = rule.fault { throw PackError(.failed, "boxes: \(fault)") }
    return rule
  }

  /// Boxes and elements of an output: its two axes that are not 1.
  private struct Matrix {
    var boxes: Int
    var elements: Int

    func view(_ output: Int, skipping elements: Int, _ isElementsFirst: Bool) -> BoxRule.View {
      isElementsFirst
        ? .init(output: output, first: elements * boxes, stride: 1, step: boxes)
        : .init(output: output, first: elements, stride: self.elements, step: 1)
    }
  }

  private static func matrix(
    _ graph: Graph, _ output: Int, _ isElementsFirst: Bool
  ) throws(PackError) -> Matrix {
    let value = graph[graph.outputs[output]]
    let shape = value.type.shape
    guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }) else {
      throw PackError(.failed, "boxes: \(value.name) of shape \(shape) is no list of boxes")
    }
    let (first, last) = (shape[shape.count - 2], shape[shape.count - 1])
    return isElementsFirst
      ? Matrix(boxes: last, elements: first) : Matrix(boxes: first, elements: last)
  }

  private func anchors(_ form: BoxRule.Form, _ count: Int) throws(PackError) -> [Int32] {
    guard form == .anchors else {
      guard request.anchors == nil else {
        throw PackError(.failed, "boxes.anchors are for the form anchors")
      }
      return []
    }
    guard let array = request.anchors, array.shape == [count, 4] else {
      throw PackError(
        .failed, "boxes.anchors must be an array of shape [\(count), 4]",
        hint: "centre and size of each box, in the order of the coordinates, not logarithms")
    }
    return array.asFloats().map { Self.fixed(Double($0)) }
  }

  /// What each level of each element stands for.
  private func tables(
    _ recipe: Recipe.Boxes, _ form: BoxRule.Form, _ tensor: PlanTensor
  ) throws(PackError) -> [Int32] {
    let scales = recipe.scales ?? [1, 1, 1, 1]
    guard scales.count == 4, scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw PackError(.failed, "boxes.scales are four positive numbers")
    }
    var table: [Int32] = []
    for element in 0..<4 {
      for level in -128..<128 {
        let value = Double(level - Int(tensor.zeroPoint)) * Double(tensor.scale) / scales[element]
        table.append(Self.fixed(form == .anchors && element >= 2 ? exp(value) : value))
      }
    }
    return table
  }

  /// With 16 fraction bits, held within the reach of coordinates.
  private static func fixed(_ value: Double) -> Int32 {
    let limit = 0x1p29
    return Int32(min(max((value * 65_536).rounded(), -limit), limit))
  }
}
