import Foundation
import ModelGraph

/// Runs ONNX test cases (folders of `model.onnx` and `test_data_set_N`) through the importer and the
/// float reference. Reads folders from standard input, one a line, and prints one line for each:
/// verdict, folder and detail between tabs.
@main enum Main {
  static func main() {
    while let folder = readLine() {
      let (verdict, detail) = TestCase.judge(folder)
      let line = detail.replacingOccurrences(of: "\n", with: " ")
      // At once: should the next case trap, this one's verdict is known.
      FileHandle.standardOutput.write(Data("\(verdict.rawValue)\t\(folder)\t\(line)\n".utf8))
    }
  }
}

/// How a test case ended.
enum Verdict: String {
  /// Equal, with every input live.
  case passed
  /// Equal, with some inputs bound to constants: the importer wants those static.
  case bound
  /// It ran and gave something else.
  case failed
  /// The importer, or an operation, says it does not run this.
  case refused
}
