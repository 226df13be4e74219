/// What only a person can say of a model: the recipe's `card`. Empty where nobody said it.
public struct CardStatement: Sendable, Equatable {
  /// What the model is, in a sentence or two.
  public var description = ""
  /// What it does, such as `image classification`.
  public var task = ""
  /// Who answers for it.
  public var owner = ""
  /// What the model was trained on.
  public var trainingData = ""
  /// Licence of the data it was trained on: an SPDX expression or a sentence.
  public var dataLicence = ""
  /// What it is made for.
  public var intendedUse: [String] = []
  /// By whom.
  public var users: [String] = []
  /// What it must not be used for.
  public var outOfScope: [String] = []
  /// Where it is known to be weak.
  public var limits: [String] = []
  /// Whom or what it may harm, and what was done about it.
  public var considerations: [String] = []

  /// States nothing.
  public init() {}

  /// A text of the card, by its key in a recipe and in a bundle.
  public static let texts:
    [(key: String, path: any WritableKeyPath<CardStatement, String> & Sendable)] =
      [
        ("description", \.description), ("task", \.task), ("owner", \.owner),
        ("trainingData", \.trainingData), ("dataLicence", \.dataLicence),
      ]

  /// A list of the card, by its key in a recipe and in a bundle.
  public static let lists:
    [(key: String, path: any WritableKeyPath<CardStatement, [String]> & Sendable)] =
      [
        ("intendedUse", \.intendedUse), ("users", \.users), ("outOfScope", \.outOfScope),
        ("limits", \.limits), ("considerations", \.considerations),
      ]

  /// Bytes of a text, and items of a list.
  public static let (textLimit, listLimit) = (4096, 64)
}
