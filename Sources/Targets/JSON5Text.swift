package import Foundation

/// What Foundation's JSON5 decoder traps on instead of refusing it: names that are not UTF-8, and
/// numbers without digits where digits must be (`1e-`).
package enum JSON5Text {
  /// Why a text must not be given to the decoder; nil when it may.
  package static func fault(in data: Data) -> String? {
    guard let text = String(data: data, encoding: .utf8) else { return "it is not UTF-8 text" }
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        skipString(&rest)
      case UInt8(ascii: "/"):
        skipComment(&rest)
      case _ where isWord(byte):
        let token = rest.prefix(while: isWord)
        rest = rest.dropFirst(token.count)
        if startsNumber(byte), !isNumber(token) {
          return "\(String(decoding: token.prefix(40), as: UTF8.self)) is not a number"
        }
      default: rest = rest.dropFirst()
      }
    }
    return nil
  }

  private static func skipString(_ rest: inout ArraySlice<UInt8>) {
    let quote = rest.removeFirst()
    while let byte = rest.popFirst(), byte != quote {
      if byte == UInt8(ascii: "\\") { rest = rest.dropFirst() }
    }
  }

  /// `// …` to the line's end, or `/* … */`; a lone slash is left to the decoder.
  private static func skipComment(_ rest: inout ArraySlice<UInt8>) {
    rest = rest.dropFirst()
    if rest.first == UInt8(ascii: "/") {
      rest = rest.drop { $0 != 0x0a && $0 != 0x0d }
    } else if rest.first == UInt8(ascii: "*") {
      rest = rest.dropFirst()
      while !rest.isEmpty, !rest.starts(with: [UInt8(ascii: "*"), UInt8(ascii: "/")]) {
        rest = rest.dropFirst()
      }
      rest = rest.dropFirst(2)
    }
  }

  /// Digits, letters, signs, dots: what numbers, names and literals are made of.
  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }

  private static func startsNumber(_ byte: UInt8) -> Bool {
    byte <= UInt8(ascii: "9") && isWord(byte) && byte != UInt8(ascii: "$")
  }

  /// JSON5, section 6: [sign] (Infinity | NaN | 0x hex | decimal with digits and whole exponent).
  private static func isNumber(_ token: ArraySlice<UInt8>) -> Bool {
    var token = token
    if token.first == UInt8(ascii: "+") || token.first == UInt8(ascii: "-") { token.removeFirst() }
    let text = String(decoding: token, as: UTF8.self)
    if text == "Infinity" || text == "NaN" { return true }
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      return text.count > 2 && text.dropFirst(2).allSatisfy { $0.isASCII && $0.isHexDigit }
    }
    func isDigit(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    func digits() -> Int {
      let run = token.prefix(while: isDigit)
      token = token.dropFirst(run.count)
      return run.count
    }
    var count = digits()
    if token.first == UInt8(ascii: ".") {
      token.removeFirst()
      count += digits()
    }
    guard count > 0 else { return false }
    if token.first == UInt8(ascii: "e") || token.first == UInt8(ascii: "E") {
      token.removeFirst()
      if token.first == UInt8(ascii: "+") || token.first == UInt8(ascii: "-") {
        token.removeFirst()
      }
      guard digits() > 0 else { return false }
    }
    return token.isEmpty
  }
}
