public import ModelCards

/// A key as it stands in a recipe.
private struct RecipeKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension CardStatement: Decodable {
  /// Reads a recipe's `card`.
  ///
  /// - Throws: `RecipeError` for a key that a card does not have, and for text too long.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: RecipeKey.self)
    let known = Self.texts.map(\.key) + Self.lists.map(\.key)
    if let stranger = container.allKeys.map(\.stringValue).sorted().first(where: {
      !known.contains($0)
    }) {
      throw RecipeError(
        reason: "card.\(stranger) is not known: a card has \(known.joined(separator: ", "))")
    }
    for (key, path) in Self.texts {
      let text = try container.decodeIfPresent(String.self, forKey: RecipeKey(stringValue: key))
      self[keyPath: path] = try Self.bounded(text ?? "", key)
    }
    for (key, path) in Self.lists {
      let items = try container.decodeIfPresent([String].self, forKey: RecipeKey(stringValue: key))
      guard (items ?? []).count <= Self.listLimit else {
        throw RecipeError(reason: "card.\(key) has more than \(Self.listLimit) items")
      }
      self[keyPath: path] = try (items ?? []).map { try Self.bounded($0, key) }
    }
  }

  private static func bounded(_ text: String, _ key: String) throws -> String {
    guard text.utf8.count <= textLimit else {
      throw RecipeError(reason: "card.\(key) is longer than \(textLimit) bytes")
    }
    return text
  }
}
