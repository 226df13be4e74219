/// A card before it is Markdown or HTML: headed parts of plain content. No text is escaped yet.
struct CardDocument {
  /// One piece of a part.
  enum Block {
    /// A paragraph.
    case text(String)
    /// Items, under a few words.
    case list(String, [String])
    /// Names with their values.
    case facts([(name: String, value: String)])
    /// Rows under a head; columns from `numbersFrom` on are numbers.
    case table(head: [String], rows: [[String]], numbersFrom: Int)
    /// Rows as bars of lengths 0…1; each has a name, a note and a value.
    case bars(head: [String], rows: [(name: String, note: String, value: String, length: Double)])
  }

  /// A headed part.
  struct Part {
    var title: String
    var blocks: [Block]
  }

  var title: String
  var version: String
  /// What is said below the title.
  var lead: [String]
  var parts: [Part]
}
