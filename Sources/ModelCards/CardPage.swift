import Dashboard

extension CardDocument {
  /// One HTML document that needs nothing else.
  var page: String {
    var body =
      "<h1>\(HTML.escape(title)) <span class=\"soft\">\(HTML.escape(version))</span></h1>\n"
    for line in lead { body += "<p class=\"soft small\">\(HTML.escape(line))</p>\n" }
    for part in parts {
      body += "<h2>\(HTML.escape(part.title))</h2>\n"
      for block in part.blocks { body += Self.html(block) }
    }
    return HTML.page(title: "\(title) \(version) · model card", body: body)
  }

  private static func html(_ block: Block) -> String {
    switch block {
    case .text(let text): return "<p class=\"card\">\(HTML.escape(text))</p>\n"
    case .list(let title, let items):
      let lines = items.map { "<li>\(HTML.escape($0))</li>" }.joined()
      return "<section class=\"card\"><h3>\(HTML.escape(title))</h3><ul>\(lines)</ul></section>\n"
    case .facts(let facts):
      let rows = facts.map {
        "<tr><th>\(HTML.escape($0.name))</th><td>\(HTML.escape($0.value))</td></tr>"
      }
      return "<div class=\"scroll\"><table>\(rows.joined(separator: "\n"))</table></div>\n"
    case .table(let head, let rows, let numbersFrom):
      return table(head, rows.map { $0.map(HTML.escape) }, numbersFrom: numbersFrom)
    case .bars(let head, let rows):
      let cells = rows.map { row in
        [row.name, row.note, row.value].map(HTML.escape) + [bar(row.length)]
      }
      return table(head + [""], cells, numbersFrom: 2)
    }
  }

  /// `rows` are HTML already.
  private static func table(_ head: [String], _ rows: [[String]], numbersFrom: Int) -> String {
    func cells(_ row: [String], _ element: String) -> String {
      row.enumerated().map { column, text in
        let style = column < numbersFrom ? "" : " class=\"number\""
        return "<\(element)\(style)>\(text)</\(element)>"
      }.joined()
    }
    let body = rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
    return "<div class=\"scroll\"><table><thead><tr>\(cells(head.map(HTML.escape), "th"))</tr>"
      + "</thead>\n<tbody>\(body)</tbody></table></div>\n"
  }

  private static func bar(_ length: Double) -> String {
    let width = Int((min(max(length, 0), 1) * 200).rounded())
    return "<svg class=\"meter\" viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" "
      + "aria-hidden=\"true\"><rect class=\"bar\" width=\"\(width)\" height=\"12\"/></svg>"
  }
}
