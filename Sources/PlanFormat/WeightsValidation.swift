extension Plan {
  /// Proves what depends on the constants' values: no accumulator can overflow 32 bits, every
  /// multiplier and shift is in range, every softmax table falls from 2^40.
  ///
  /// - Parameter weights: the weights section, `weightsBytes` long.
  public func validate(weights: UnsafeRawBufferPointer) throws(PlanError) {
    guard weights.count == weightsBytes else {
      throw .invalid("the weights section has \(weights.count) bytes, not \(weightsBytes)")
    }
    for instruction in instructions {
      let isSafe: Bool
      switch instruction.operation {
      case .convolution2D(let parameters):
        isSafe =
          Self.scalesAreValid(parameters.requantization, weights)
          && Self.accumulatorsFit(weights, parameters.weights, parameters.bias, isDepthwise: false)
      case .depthwiseConvolution2D(let parameters):
        isSafe =
          Self.scalesAreValid(parameters.requantization, weights)
          && Self.accumulatorsFit(weights, parameters.weights, parameters.bias, isDepthwise: true)
      case .fullyConnected(let parameters):
        isSafe =
          Self.scalesAreValid(parameters.requantization, weights)
          && Self.accumulatorsFit(weights, parameters.weights, parameters.bias, isDepthwise: false)
      case .softmax(let parameters):
        isSafe = Self.tableFalls(weights, parameters.table)
      case .spatialMean:
        let elements = tensors[instruction.inputs[0].position].elementCount
        isSafe = elements <= Int(Int32.max) / 256
      case .convolution16x8(let parameters):
        isSafe = Self.isSafe(
          weights, parameters.weights, parameters.bias, parameters.requantization,
          isDepthwise: false)
      case .depthwiseConvolution16x8(let parameters):
        isSafe = Self.isSafe(
          weights, parameters.weights, parameters.bias, parameters.requantization,
          isDepthwise: true)
      case .fullyConnected16x8(let parameters):
        isSafe = Self.isSafe(
          weights, parameters.weights, parameters.bias, parameters.requantization,
          isDepthwise: false)
      case .treeEnsemble(let parameters):
        try validate(parameters, instruction, weights)
        isSafe = true
      case .transposedConvolution(let parameters), .groupedConvolution(let parameters):
        let convolution = parameters.convolution
        isSafe =
          Self.scalesAreValid(convolution.requantization, weights)
          && Self.accumulatorsFit(
            weights, convolution.weights, convolution.bias, isDepthwise: false)
      case .normalization(let parameters):
        isSafe = Self.biasesFit(parameters, weights)
      case .resize(let parameters):
        isSafe =
          weights.baseAddress.map {
            parameters.isSafe(
              rows: $0 + parameters.rows.offset, columns: $0 + parameters.columns.offset)
          } ?? false
      case .recurrent(let parameters):
        isSafe = self.isSafe(parameters, instruction, weights)
      case .addition, .addition16, .averagePool2D, .maximumPool2D, .transpose, .lookup, .move,
        .elementwise, .rescale, .topClass, .matrixProduct, .reduction:
        isSafe = true
      }
      guard isSafe else {
        throw .invalid("\(instruction.name) has weights or scales that could overflow")
      }
    }
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int32 {
    Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
  }

  private static func scalesAreValid(
    _ requantization: Requantization, _ weights: UnsafeRawBufferPointer
  ) -> Bool {
    for entry in 0..<requantization.shifts.byteCount {
      let shift = weights.loadUnaligned(
        fromByteOffset: requantization.shifts.offset + entry, as: Int8.self)
      let multiplier = word(weights, requantization.multipliers.offset + 4 * entry)
      guard (-31...30).contains(shift), multiplier >= 0 else { return false }
    }
    return true
  }

  /// |bias| + Σ |w| · 255 < 2^31 for every output channel.
  private static func accumulatorsFit(
    _ weights: UnsafeRawBufferPointer, _ reference: ConstantReference, _ bias: ConstantReference,
    isDepthwise: Bool
  ) -> Bool {
    let channels = bias.byteCount / 4
    let taps = reference.byteCount / channels
    for channel in 0..<channels {
      let start = reference.offset + (isDepthwise ? channel : channel * taps)
      let step = isDepthwise ? channels : 1
      var magnitude = Int64(word(weights, bias.offset + 4 * channel).magnitude)
      for tap in 0..<taps {
        let weight = weights.loadUnaligned(fromByteOffset: start + tap * step, as: Int8.self)
        magnitude += Int64(weight.magnitude) * 255
      }
      guard magnitude < 1 << 31 else { return false }
    }
    return true
  }

  private static func tableFalls(
    _ weights: UnsafeRawBufferPointer, _ reference: ConstantReference
  ) -> Bool {
    var previous: UInt64 = 1 << 40
    for entry in 0..<256 {
      let value = UInt64(
        littleEndian: weights.loadUnaligned(
          fromByteOffset: reference.offset + 8 * entry, as: UInt64.self))
      guard value <= previous, entry > 0 || value == 1 << 40 else { return false }
      previous = value
    }
    return true
  }
}
