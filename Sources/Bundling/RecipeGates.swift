extension Recipe {
  /// A limit that a release must keep.
  public struct Gate: Decodable, Sendable, Equatable {
    /// What is limited: `accuracy`, `mae`, `sqnr`, `latency`, `arena`, `bundle`…
    public var metric: String
    /// Least.
    public var minimum: Amount?
    /// Most.
    public var maximum: Amount?
    /// Most that quantising may cost, against the float model.
    public var drop: Amount?
    /// How much worse than the champion a release may be, at most.
    public var margin: Amount?
    /// True where each slice is judged too.
    public var slices: Bool?
    /// Independent items a slice must have to be judged; 30 unless stated.
    public var sliceItems: Int?
    /// The target whose certificate is judged; all of them unless stated.
    public var target: String?
  }

  /// The bundle in service.
  public struct Champion: Decodable, Sendable, Equatable {
    /// Its file.
    public var bundle: String
    /// Public keys of its authors; the key that signs this release unless stated.
    public var trust: [String]?
  }

  /// A number with a unit, as `0.97`, `"97 %"`, `"16 KiB"`, `"500 µs"`, `"35 dB"`.
  public struct Amount: Decodable, Sendable, Equatable {
    /// What it is an amount of.
    public enum Dimension: Sendable, Equatable {
      case plain, share, bytes, time, decibels
    }

    /// The number in the dimension's base: 1, bytes, nanoseconds, decibels.
    public let value: Double
    /// What it is an amount of; `plain` where no unit stands.
    public let dimension: Dimension

    private static let units: [String: (Double, Dimension)] = [
      "%": (0.01, .share), "points": (0.01, .share), "B": (1, .bytes), "KiB": (1024, .bytes),
      "MiB": (1_048_576, .bytes), "ns": (1, .time), "µs": (1e3, .time), "us": (1e3, .time),
      "ms": (1e6, .time), "s": (1e9, .time), "dB": (1, .decibels),
    ]

    /// Creates an amount.
    public init(_ value: Double, _ dimension: Dimension = .plain) {
      self.value = value
      self.dimension = dimension
    }

    /// Reads a number, or text of a number and a unit.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self.init(number)
        return
      }
      let text = try container.decode(String.self)
      let digits = text.prefix { $0.isNumber || "+-.eE".contains($0) }
      let unit = text[digits.endIndex...].drop { $0 == " " }
      guard let number = Double(digits), number.isFinite, let known = Self.units[String(unit)]
      else {
        throw DecodingError.typeMismatch(
          Amount.self,
          .init(
            codingPath: decoder.codingPath,
            debugDescription: "'\(text)' is no amount, as \"16 KiB\" or \"500 µs\""))
      }
      // Percent are divided: 97 / 100 is the number that 0.97 is, 97 · 0.01 is not.
      self.init(known.0 == 0.01 ? number / 100 : number * known.0, known.1)
    }
  }
}
