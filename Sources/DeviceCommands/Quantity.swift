/// Numbers as people read them, without a locale.
public enum Quantity {
  /// `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`.
  public static func time(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case 0..<1000: return "\(nanoseconds) ns"
    case 0..<1_000_000: return "\(scaled(nanoseconds, 1000)) µs"
    case 0..<1_000_000_000: return "\(scaled(nanoseconds, 1_000_000)) ms"
    default: return "\(scaled(nanoseconds, 1_000_000_000)) s"
    }
  }

  /// `640 B`, `12.3 KiB`, `4.56 MiB`.
  public static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1024: return "\(count) B"
    case ..<1_048_576: return "\(scaled(UInt64(count), 1024)) KiB"
    default: return "\(scaled(UInt64(count), 1_048_576)) MiB"
    }
  }

  /// Three significant digits of value / unit, in integers: no float formatting on a device.
  private static func scaled(_ value: UInt64, _ unit: UInt64) -> String {
    let whole = value / unit
    switch whole {
    case 100...: return "\((value + unit / 2) / unit)"
    case 10...: return fixed((value * 10 + unit / 2) / unit, 10)
    default: return fixed((value * 100 + unit / 2) / unit, 100)
    }
  }

  private static func fixed(_ value: UInt64, _ base: UInt64) -> String {
    let fraction = value % base
    let padding = base == 100 && fraction < 10 ? "0" : ""
    return "\(value / base).\(padding)\(fraction)"
  }

  /// Text right-aligned in `width` columns.
  public static func padded(_ text: String, _ width: Int) -> String {
    var padding = ""
    var missing = width - text.unicodeScalars.count
    while missing > 0 {
      padding += " "
      missing -= 1
    }
    return padding + text
  }
}
