import ModelGraph

/// The operators of the domain `ai.onnx.ml` that are read: one line each.
enum ONNXClassicalTable {
  /// The domain.
  static let domain = "ai.onnx.ml"
  /// Operator sets of ai.onnx that exporters declare beside it.
  static let opsets = 8...21
  /// Operators of ai.onnx that mean the same in every one of those.
  static let stable: Set<String> = [
    "Add", "Cast", "Concat", "Constant", "Div", "Identity", "MatMul", "Mul", "Reshape", "Sub",
    "Transpose",
  ]

  /// By `op_type`.
  static let mappings: [String: ONNXMapping] = [
    "ArrayFeatureExtractor": ONNXMapping(convert: ONNXFeatures.extract),
    "Binarizer": ONNXFeatures.binarizer,
    "FeatureVectorizer": ONNXMapping(convert: ONNXFeatures.vectorizer),
    "Imputer": ONNXMapping(convert: ONNXFeatures.imputer),
    "LabelEncoder": ONNXMapping(convert: ONNXFeatures.labelEncoder),
    "LinearClassifier": ONNXMapping(convert: ONNXLinearModels.classifier),
    "LinearRegressor": ONNXMapping(convert: ONNXLinearModels.regressor),
    "Normalizer": ONNXMapping(convert: ONNXFeatures.normalizer),
    "SVMClassifier": ONNXMapping(convert: ONNXSupportVectors.classifier),
    "SVMRegressor": ONNXMapping(convert: ONNXSupportVectors.regressor),
    "Scaler": ONNXMapping(convert: ONNXFeatures.scaler),
    "TreeEnsemble": ONNXMapping(convert: ONNXTrees.ensemble),
    "TreeEnsembleClassifier": ONNXMapping(convert: ONNXTrees.classifier),
    "TreeEnsembleRegressor": ONNXMapping(convert: ONNXTrees.regressor),
    "ZipMap": ONNXMapping(convert: ONNXFeatures.zipMap),
  ]

  static func convert(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    guard let mapping = mappings[node.operation] else {
      throw node.unsupported(
        "Swiftlet does not run this operator; of ai.onnx.ml it runs "
          + mappings.keys.sorted().joined(separator: ", "))
    }
    try mapping.convert(node, &builder)
  }
}
