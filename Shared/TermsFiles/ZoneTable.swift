import Contracts
import Foundation
import Terms

extension Zone {
  /// Reads a zone's offsets from 1970 to 2200 from the system's IANA data (package tzdata). They are read once, so the rules need
  /// no calendar, and a run's instant does not change while a service runs.
  ///
  /// Returns `nil` if there is no such zone. Abbreviations (`EST`, `GMT+3`) are not zones, because they name an offset.
  init?(ianaName name: String) {
    if name == "UTC" {
      self = .utc
      return
    }
    guard name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    // Check every day, because since 1970 every zone has kept each offset for longer than a day. Foundation's own list of
    // transitions misses changes other than daylight saving, such as Asia/Almaty on 2024-03-01.
    let step: Int64 = 86_400
    let last = Instant.range.upperBound.milliseconds / 1000
    func offset(_ second: Int64) -> Int64 { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))) }

    var current = offset(0)
    var offsets = [Offset(from: Instant(milliseconds: 0), seconds: current)]
    var second: Int64 = 0
    while second < last {
      let next = min(second + step, last)
      let following = offset(next)
      if following != current {
        var before = second
        var after = next
        while after - before > 1 {
          let middle = (before + after) / 2
          if offset(middle) == current { before = middle } else { after = middle }
        }
        offsets.append(Offset(from: Instant(milliseconds: after * 1000), seconds: offset(after)))
        current = following
      }
      second = next
    }
    self.init(name: name, offsets: offsets)
  }

  /// The zones to suggest for a mistyped name.
  static var knownNames: [String] { ["UTC"] + TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") } }
}
