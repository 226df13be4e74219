/// Seconds since 1970 as a person reads them, in UTC.
enum Timestamp {
  /// `2026-03-14 09:26 UTC`.
  static func text(_ seconds: Int64) -> String {
    let seconds = bounded(seconds)
    let minutes = seconds % 86_400 / 60
    return "\(day(seconds)) \(two(minutes / 60)):\(two(minutes % 60)) UTC"
  }

  /// `2026-03-14`.
  static func day(_ seconds: Int64) -> String {
    var days = bounded(seconds) / 86_400
    var year: Int64 = 1970
    while days >= length(of: year) {
      days -= length(of: year)
      year += 1
    }
    var month: Int64 = 1
    for length in [31, length(of: year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
      if days < length { break }
      days -= length
      month += 1
    }
    return "\(year)-\(two(month))-\(two(days + 1))"
  }

  /// Devices' clocks say anything: 1970 to 9999.
  private static func bounded(_ seconds: Int64) -> Int64 { min(max(seconds, 0), 253_402_300_799) }

  private static func length(of year: Int64) -> Int64 {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
