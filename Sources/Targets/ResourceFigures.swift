/// What one bundle takes of a device, to the byte.
public struct ResourceFigures: Sendable, Equatable {
  /// Activations and kernel scratch.
  public var arenaBytes: Int
  /// The prepared image on flash.
  public var imageBytes: Int
  /// Arena, image and session tables: everything resident while it runs.
  public var peakBytes: Int

  /// Creates figures.
  public init(arenaBytes: Int, imageBytes: Int, peakBytes: Int) {
    self.arenaBytes = arenaBytes
    self.imageBytes = imageBytes
    self.peakBytes = peakBytes
  }
}

extension Target {
  /// One sentence for each budget exceeded: what, by how much.
  public func violations(of figures: ResourceFigures) -> [String] {
    let rows = [
      ("arena", figures.arenaBytes, budgets.arenaBytes),
      ("flash", figures.imageBytes, budgets.flashBytes),
      ("RAM", figures.peakBytes, budgets.ramBytes),
    ]
    return rows.filter { $0.1 > $0.2 }.map { what, needed, allowed in
      "\(what) needs \(grouped(needed)) B, target \(name) allows \(grouped(allowed)) B: "
        + "\(grouped(needed - allowed)) B over"
    }
  }
}

/// 1234567 as `1,234,567`.
private func grouped(_ number: Int) -> String {
  var digits = String(number)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return ([digits] + groups).joined(separator: ",")
}
