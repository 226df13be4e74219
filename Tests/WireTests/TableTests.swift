import Arrays
import Foundation
import HostArrays
import TestSupport
import Testing
import Wire

/// Tables as RFC 4180 has them, and what is wrong with others.
@Suite("tables") struct TableTests {
  private func table(_ text: String) throws(ArrayFileError) -> CSVTable {
    try CSVTable(Array(text.utf8), path: "t.csv")
  }

  private func numbers(
    _ table: CSVTable, missing: Bool = false
  ) throws(ArrayFileError) -> [[Double]] {
    try table.read(table.headings.indices.map { ($0, .numbers(allowsMissing: missing)) }).map {
      if case .numbers(let values) = $0 { values } else { [] }
    }
  }

  private func message(_ text: String, missing: Bool = false) throws -> String {
    let error = try #require(
      #expect(throws: ArrayFileError.self, "\(text)") {
        _ = try numbers(try table(text), missing: missing)
      })
    return error.message
  }

  @Test func readsNamesUnitsAndNumbers() throws {
    let good = try table(
      "\u{feff}a,\"b, \"\"c\"\"\",temperature [°C]\r\n1, -2.5 ,\"7\"\r\n\r\n3e2,4,-0\n")
    #expect(good.columns == ["a", "b, \"c\"", "temperature"])
    #expect(good.headings.map(\.unit) == ["", "", "°C"])
    #expect(try numbers(good) == [[1, 300], [-2.5, 4], [7, 0]])
    #expect(try good.array().shape == [2, 3])
    #expect(try good.array().asFloats() == [1, -2.5, 7, 300, 4, 0])
    #expect(ColumnHeading("x[0]") == ColumnHeading(name: "x[0]", unit: ""))
    #expect(ColumnHeading("p [kg m⁻³]") == ColumnHeading(name: "p", unit: "kg m⁻³"))
  }

  @Test func readsTextAndPassesOverTheRest() throws {
    let mixed = try table("x,what,note\n1,a,\"two\nlines, and \"\"quotes\"\"\"\n2,b,\n3,a,z")
    let read = try mixed.read([(2, .texts), (1, .texts)])
    #expect(
      read == [
        .texts(TextColumn(values: ["two\nlines, and \"quotes\"", "", "z"], codes: [0, 1, 2])),
        .texts(TextColumn(values: ["a", "b"], codes: [0, 1, 0])),
      ])
    // A fault below text of two lines names both the row and the line.
    let late = try message("what,x\n\"a\nb\",1\nc,no\n".replacingOccurrences(of: "c,", with: "3,"))
    #expect(late == "t.csv: row 1 (line 2), column 'what': 'a b' is not a finite number")
    let text = try table("what,x\n\"a\nb\",1\nc,no\n")
    let error = try #require(
      #expect(throws: ArrayFileError.self) {
        _ = try text.read([(1, .numbers(allowsMissing: false))])
      })
    #expect(error.message == "t.csv: row 2 (line 4), column 'x': 'no' is not a finite number")
  }

  @Test func namesRowAndColumnOfAFault() throws {
    #expect(try message("") == "t.csv: the table is empty")
    #expect(try message("1,2\n3,4").contains("must name the columns"))
    #expect(try message("a,a\n1,2").contains("two columns are called 'a'"))
    #expect(try message("a [m],a [s]\n1,2").contains("two columns are called 'a'"))
    #expect(try message("a,\n1,2").contains("column 2 has no name"))
    #expect(
      try message("a,b\n1,2\n1") == "t.csv: row 2 (line 3) has 1 fields where 2 columns are named")
    #expect(try message("a,b\n1,2,3").contains("row 1 (line 2) has 3 fields"))
    #expect(
      try message("a,b\n1,x") == "t.csv: row 1 (line 2), column 'b': 'x' is not a finite number")
    #expect(
      try message("a,b\n\n1,\n")
        == "t.csv: row 1 (line 3), column 'b': the cell is empty, and the model takes numbers only")
    #expect(try message("a,b\n1,nan").contains("the value is missing ('nan')"))
    #expect(try message("a,b\n1,inf").contains("'inf' is not a finite number"))
    #expect(try message("a,b\n1,0x10").contains("column 'b'"))
    #expect(try message("\"a\n1").contains("a quote is not closed"))
    #expect(try message("a,b\n1,\"2").contains("row 1 (line 2), column 'b': a quote is not closed"))
    #expect(try message("a\n\"1\"2").contains("text follows a closing quote"))
    #expect(try message("a\n5\"").contains("a quote stands inside"))
    #expect(throws: ArrayFileError.self) { try CSVTable([0x61, 0xff, 0x0a], path: "t.csv") }
  }

  @Test func missingValuesWhereTheyAreAllowed() throws {
    let values = try numbers(try table("a,b\n1,\nNA,-inf\n"), missing: true)
    #expect(values[0][0] == 1 && values[0][1].isNaN)
    #expect(values[1][0].isNaN && values[1][1] == -.infinity)
    #expect(try message("a\nx", missing: true).contains("'x'"))
  }

  /// The reader's own numbers are those of the C library, to the bit.
  @Test func numbersAreTheNearest() throws {
    var random = SplitMix64(seed: 11)
    var texts = [
      "9007199254740993", "9007199254740992", "0.1", "1e22", "1e23", "-1.7976931348623157e308",
      "4.9e-324", "123456789012345678901234567890", ".5", "5.", "+3", "0.00000000000000000000001",
      "1234567890123456789.5", "00012",
    ]
    for _ in 0..<2000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { texts.append("\(value)") }
      texts.append(
        "\(Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(60))).\(random.below(1_000_000))"
      )
    }
    let read = try numbers(try table("x\n" + texts.joined(separator: "\n")))
    for (text, value) in zip(texts, read[0]) {
      #expect(value.bitPattern == strtod(text, nil).bitPattern, "\(text)")
    }
  }

  @Test func whatIsNoNumber() throws {
    for text in [".", "-", "+", "1.2.3", "1e", "--1", "1 2", "1_000", "٣"] {
      #expect(try message("x\n\(text)").contains("row 1 (line 2), column 'x'"))
    }
  }
}
