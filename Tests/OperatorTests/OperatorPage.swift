import Importers

/// The documentation page of the operators: lines of the table whose cells are alike share one.
struct OperatorPage {
  let text: String

  init(_ rows: [OperatorRow]) {
    var names: [Line: [ReadableOperator.Format: [String]]] = [:]
    for row in rows {
      names[Line(row), default: [:]][row.operation.format, default: []].append(
        row.operation.displayName)
    }
    let lines = names.sorted { $0.key.cells.lexicographicallyPrecedes($1.key.cells) }
      .map { line, names in
        let operators = ReadableOperator.Format.allCases.map {
          (names[$0] ?? []).joined(separator: ", ")
        }
        let cells = [line.becomes] + operators + line.verdicts + [line.remark]
        return "| " + cells.joined(separator: " | ") + " |"
      }
    let counts = ReadableOperator.Format.allCases.map { format in
      let own = rows.filter { $0.operation.format == format }
      func count(_ column: Int) -> Int {
        own.filter { !["no"].contains($0.cells[column]) }.count
      }
      return
        "| \(format.rawValue) | \(own.count) | \(count(0)) | \(count(1)) | \(count(2)) |"
    }
    text =
      ([Self.introduction] + counts + ["", Self.head] + lines).joined(separator: "\n") + "\n"
  }

  /// What operators of one line have in common.
  private struct Line: Hashable {
    let becomes: String
    let verdicts: [String]
    let remark: String

    init(_ row: OperatorRow) {
      becomes = row.operations.joined(separator: ", ")
      verdicts = row.cells
      remark = row.remark
    }

    var cells: [String] { [becomes] + verdicts + [remark] }
  }

  private static let introduction = """
    # Operators

    Every operator that the importers read, and what became of it. Generated from the code by `make operators`:
    a small model of each operator is imported, run in the float reference, and packed three times; a test fails
    when this page is not what comes out.

    - **becomes**: the operations it is imported as (`Sources/Operators`), without reshapes and transposes around
      them.
    - **float**: in the float reference (`run MODEL`).
    - **int8**: on a device. *yes*: from a float model and calibration data, and from a model that came
      quantised; *from float*: only the former; *as int8*: only the latter.
    - **int16x8**: on a device, from a model that came with int16 activations and int8 weights.
    - *folded*: computed while importing, since every shape is known then; nothing is left to run.
    - The remark is the reason of the refusal, as `pack` prints it behind node and operator. A use that its
      example does not show may be refused with another.

    | format | operators | float | int8 | int16x8 |
    |---|---|---|---|---|
    """

  private static let head = """
    | becomes | ONNX | TFLite | float | int8 | int16x8 | remark |
    |---|---|---|---|---|---|---|
    """
}

extension ReadableOperator {
  /// Its name, behind its domain where that is another than ONNX's own.
  var displayName: String { domain.isEmpty ? name : "\(domain).\(name)" }
}
