/// One line of the layer table: a node as people look at it.
public struct LayerRow: Sendable, Equatable {
  /// Name of the node.
  public var name: String
  /// Name of the operator.
  public var operation: String
  /// Attributes, e.g. `3x3 stride 2 relu`; may be empty.
  public var summary: String
  /// Element type and shape of the first result.
  public var result: ValueType?
  /// The first result's parameters, if it has one scale.
  public var quantization: Quantization?
  /// Constant elements it reads that no earlier node read.
  public var parameters: Int
  /// Multiply-accumulates of one inference.
  public var multiplyAccumulates: Int
}

extension Graph {
  /// One row per node, in order of execution.
  public var layers: [LayerRow] {
    var counted: Set<ValueID> = []
    return nodes.map { node in
      var parameters = 0
      for case .some(let id) in node.inputs where counted.insert(id).inserted {
        parameters += self[id].constant?.count ?? 0
      }
      return LayerRow(
        name: node.name, operation: node.operation.name, summary: node.operation.summary,
        result: node.outputs.first.map { self[$0].type },
        quantization: node.outputs.first.flatMap { self[$0].quantization },
        parameters: parameters,
        multiplyAccumulates: node.operation.multiplyAccumulates(
          node.inputs.map { id in id.map { self[$0].type } }))
    }
  }

  /// Inputs, layers and outputs as a table of aligned columns; every line ends in a newline.
  public func textDump() -> String {
    func describe(_ type: ValueType?, _ quantization: Quantization?) -> String {
      guard let type else { return "" }
      var text = "\(type.element.rawValue) \(type.shape.map(String.init).joined(separator: "×"))"
      if let quantization, quantization.isPerTensor {
        text += " (q − \(quantization.zeroPoint)) · \(quantization.scale)"
          .replacing("− -", with: "+ ")
      }
      return text
    }
    var rows = [["layer", "operator", "attributes", "result", "parameters", "MACs"]]
    for id in inputs {
      rows.append([
        self[id].name, "input", "", describe(self[id].type, self[id].quantization), "", "",
      ])
    }
    for layer in layers {
      rows.append([
        layer.name, layer.operation, layer.summary, describe(layer.result, layer.quantization),
        String(layer.parameters), String(layer.multiplyAccumulates),
      ])
    }
    for id in outputs {
      rows.append([
        self[id].name, "output", "", describe(self[id].type, self[id].quantization), "", "",
      ])
    }
    return TextTable(rows, numbersFrom: 4).text
  }
}

/// Rows of aligned columns, the first of them the columns' names.
public struct TextTable {
  /// The table; every line ends in a newline.
  public let text: String

  /// Aligns rows.
  ///
  /// - Parameter column: numbers stand from this column on, right in it, so that digits line up.
  public init(_ rows: [[String]], numbersFrom column: Int) {
    let first = column
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    text = rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (column >= first ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
