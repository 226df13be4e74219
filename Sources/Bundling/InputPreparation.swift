import SignalChain

/// How a recipe wants raw values of an input prepared, before the input's shape is known.
public struct InputPreparation: Sendable, Equatable {
  /// True where raw values are bytes of an image, false for features.
  public var isImage: Bool
  /// Multiplies every raw value first.
  public var factor: Float
  /// Subtracted, one per channel.
  public var means: [Float]
  /// Divided by, one per channel.
  public var deviations: [Float]
  /// The axis of channels; nil where the shape leaves no doubt.
  public var axis: Int?

  /// Creates a preparation.
  public init(isImage: Bool, factor: Float, means: [Float], deviations: [Float], axis: Int? = nil) {
    self.isImage = isImage
    self.factor = factor
    self.means = means
    self.deviations = deviations
    self.axis = axis
  }

  /// torchvision's ToTensor and Normalize in one.
  init(_ recipe: Recipe.Normalise) {
    self.init(
      isImage: true, factor: recipe.scale ?? 1 / 255, means: recipe.mean, deviations: recipe.std,
      axis: recipe.axis)
  }

  /// scikit-learn's StandardScaler or MinMaxScaler.
  init(_ recipe: Recipe.Scaling, of input: String) throws(RecipeError) {
    let means: [Float]
    let deviations: [Float]
    switch (recipe.mean, recipe.std, recipe.minimum, recipe.maximum) {
    case (let mean?, let std?, nil, nil):
      (means, deviations) = (mean, std)
    case (nil, nil, let minimum?, let maximum?) where minimum.count == maximum.count:
      (means, deviations) = (minimum, zip(maximum, minimum).map { $0 - $1 })
    default:
      throw RecipeError(
        reason:
          "inputs.\(input).scaling wants mean with std, or minimum with maximum, of one length")
    }
    self.init(
      isImage: false, factor: 1, means: means, deviations: deviations, axis: recipe.axis)
  }

  /// The normalisation of an input of a shape.
  ///
  /// The channels' axis is the stated one, or the only one as long as the lists; one number serves
  /// every element.
  ///
  /// - Throws: `PackError` where the lists and the shape do not go together, or the axis is in doubt.
  func normalization(of input: String, _ shape: [Int]) throws(PackError) -> Normalization {
    let found = shape.indices.filter { shape[$0] == means.count }
    guard axis != nil || means.count == 1 || found.count == 1 else {
      throw PackError(
        .failed,
        found.isEmpty
          ? "input \(input) of shape \(shape) has no axis of \(means.count) channels"
          : "input \(input) of shape \(shape) has \(found.count) axes of \(means.count) channels",
        hint: found.isEmpty
          ? "give one mean and one deviation per channel" : "say which with `axis`, from 0")
    }
    let position = axis ?? (means.count == 1 ? shape.count - 1 : found[0])
    guard shape.indices.contains(position), means.count == 1 || shape[position] == means.count
    else {
      throw PackError(
        .failed,
        "input \(input) of shape \(shape) has no \(means.count) channels on axis \(position)")
    }
    let stride = means.count == 1 ? 1 : shape[(position + 1)...].reduce(1, *)
    guard
      let normalization = Normalization(
        factor: factor, means: means, deviations: deviations, stride: stride)
    else {
      throw PackError(
        .failed, "input \(input) cannot be normalised so",
        hint: "as many deviations as means, every number finite, no deviation and no scale 0")
    }
    return normalization
  }
}

extension NamedPort {
  /// An input as a recipe describes it.
  ///
  /// - Throws: `RecipeError` naming fields that exclude each other.
  public init(_ input: Recipe.Input) throws(RecipeError) {
    guard input.normalise == nil || input.scaling == nil else {
      throw RecipeError(reason: "inputs.\(input.name) has both normalise and scaling")
    }
    var preparation = input.normalise.map { InputPreparation($0) }
    if let scaling = input.scaling {
      preparation = try InputPreparation(scaling, of: input.name)
    }
    self.init(
      name: input.name, naming: PortNaming(unit: input.unit ?? "", labels: input.labels ?? []),
      rawScale: input.scale, preparation: preparation)
  }
}
