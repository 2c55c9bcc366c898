import Contracts
import Synchronization

/// A line at the bottom of the terminal with the progress, the speed and the time left. Draws nothing if standard error is not a
/// terminal.
public final class ProgressBar: Sendable {
  private struct State {
    var done = 0
    var drawn: ContinuousClock.Instant?
    var finished = false
  }

  private let label: String
  /// `nil` if the total is unknown, as with standard input.
  private let total: Int?
  private let sink: LineSink
  private let visible: Bool
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  public init(label: String, total: Int?, sink: LineSink = .standardError) {
    self.label = label
    self.total = total
    self.sink = sink
    visible = Terminal.isTerminal(sink.descriptor)
  }

  /// Draws at most ten times a second, so it may be called for every record.
  public func advance(by count: Int = 1) {
    let now = ContinuousClock.now
    let due: Int? = state.withLock { state in
      state.done += count
      guard visible, !state.finished, state.drawn.map({ $0.duration(to: now) >= .milliseconds(100) }) ?? true else { return nil }
      state.drawn = now
      return state.done
    }
    if let due { sink.setFooter(text(done: due, now: now)) }
  }

  /// Leaves the last state on the screen as a line. A second call does nothing.
  public func finish() {
    let now = ContinuousClock.now
    let done: Int? = state.withLock { state in
      defer { state.finished = true }
      return visible && !state.finished ? state.done : nil
    }
    guard let done else { return }
    sink.setFooter("")
    sink.line(text(done: done, now: now))
  }

  private func text(done: Int, now: ContinuousClock.Instant) -> String {
    ProgressBar.text(
      label: label, done: done, total: total, seconds: start.duration(to: now).seconds,
      width: Terminal.width(of: sink.descriptor) ?? 80)
  }

  /// `publish [=====>    ] 45% 9,000/20,000 1,234/s 0:08 left`, never wider than the terminal.
  static func text(label: String, done: Int, total: Int?, seconds: Double, width: Int) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    var figures = grouped(done)
    var fraction = 0.0
    if let total {
      fraction = total > 0 ? min(1, Double(done) / Double(total)) : 1
      figures = "\(Int(fraction * 100))% \(figures)/\(grouped(total))"
    }
    figures += " \(grouped(Int(rate)))/s"
    if let total, done < total, rate > 0 {
      let left = Int((Double(total - done) / rate).rounded(.up))
      figures += " \(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
    }
    let room = min(40, width - label.count - figures.count - 5)
    guard total != nil, room >= 5 else { return String("\(label) \(figures)".prefix(max(width - 1, 0))) }
    let filled = Int(fraction * Double(room))
    let bar = String(repeating: "=", count: filled) + (filled < room ? ">" : "")
    return "\(label) [\(bar)\(String(repeating: " ", count: room - bar.count))] \(figures)"
  }

  private static func grouped(_ number: Int) -> String { Currency.grouped(String(number), by: ",") }
}
