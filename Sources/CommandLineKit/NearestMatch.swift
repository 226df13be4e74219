/// Finds what was probably meant.
public enum NearestMatch {
  /// The candidate fewest edits away from `word`, at most a third of its length; nil for none.
  public static func of(_ word: String, among candidates: [String]) -> String? {
    let bytes = Array(word.utf8.prefix(64))
    var best: String?
    var fewest = max(1, bytes.count / 3) + 1
    for candidate in candidates {
      let distance = editDistance(bytes, Array(candidate.utf8))
      if distance < fewest {
        fewest = distance
        best = candidate
      }
    }
    return best
  }

  /// Levenshtein's distance.
  private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for i in 0..<left.count {
      var diagonal = row[0]
      row[0] = i + 1
      for j in 0..<right.count {
        let above = row[j + 1]
        let changed = diagonal + (left[i] == right[j] ? 0 : 1)
        row[j + 1] = min(changed, above + 1, row[j] + 1)
        diagonal = above
      }
    }
    return row[right.count]
  }
}
