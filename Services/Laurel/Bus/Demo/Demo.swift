import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import Kafka
import ServiceKit
import Terms
import Words

/// `laurel demo`: shows the three programs' worked examples and checks their figures.
package enum Demo {
  package static let command = Command(
    "demo", summary: "Show the three programs' examples on a bus in memory, and check their figures",
    discussion: """
      Starts the four services on an embedded bus and publishes the example files in order. Prints the notices as they arrive, \
      with explanations. Then it ends. The exit status is 0 only if every figure is right.
      """,
    example: "laurel demo --terms ops/terms --events ops/demo",
    options: [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", defaultValue: "ops/terms"),
      Option("events", placeholder: "DIR", help: "Folder with the example files", defaultValue: "ops/demo"),
      Option(
        "pages", placeholder: "ADDRESS",
        help: "Keep running, and serve the account pages at this address, such as 127.0.0.1:8090"),
    ], run: run)

  /// In order of their dates, because a clock never goes back.
  private static let chapters: [(file: String, title: String)] = [
    ("bonus.jsonl", "bonus: 10 % of what invited companies pay, to spend on one's own invoices"),
    ("cash.jsonl", "cash: a commission in money, to withdraw; its rate depends on the referee's turnover"),
    ("tiers.jsonl", "tiers: the more active referrals, the larger the discount on the next invoice"),
  ]

  private static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let started = ContinuousClock.now
    let files = try chapters.map { chapter in
      (
        chapter.title, "\(invocation.text("events"))/\(chapter.file)",
        try groups(of: "\(invocation.text("events"))/\(chapter.file)")
      )
    }
    let stage = DemoStage()
    stage.show("Starting the four services on an embedded bus (in memory, for a first look) ...")
    let playground = try Playground(
      real: nil, terms: invocation.text("terms"), state: nil, partitions: 4, instances: 1, commitMilliseconds: 20,
      clockStart: Instant.range.lowerBound, logLevel: .warning, coloured: false,
      pages: invocation.optionalText("pages"), print: { LineSink.standardError.line($0) })
    defer { playground.stop() }
    do {
      try playground.fleet.start()
      try playground.fleet.waitUntilReady(within: .seconds(60))
      let watch = try BusWatch(playground.bus, services: Deployment.services(Programs([]))) { stage.take($0, $1) }
      let publisher = try InOrderPublisher(playground.bus, watch: watch)
      for (title, path, groups) in files {
        stage.open(title, path)
        for group in groups {
          try publisher.publish(group)
          try watch.readNotices()
          stage.show()
          try playground.fleet.requireAll()
        }
      }
    } catch is BusWatch.Interrupted {
      return 128 + (Shutdown.signalNumber ?? SIGINT)
    }
    let isRight = stage.judge()
    let seconds = Int((ContinuousClock.now - started).components.seconds)
    stage.show(isRight ? "All figures are right, after \(seconds) s." : "Some figures are wrong.")
    if let pages = playground.fleet.pages {
      stage.show("\nThe account pages are at \(pages): enter as acme, olena or dana. Ctrl-C ends.")
      while !Shutdown.wait(upTo: .milliseconds(200)) { try playground.fleet.requireAll() }
    }
    return isRight ? 0 : 1
  }

  /// The file's events, grouped by instant. In the examples, events of one instant do not depend on each other.
  private static func groups(of path: String) throws -> [[FileEvent]] {
    let file = try EventFile(path: path)
    var groups: [[FileEvent]] = []
    while let entry = try file.next() {
      guard case .event(let event) = entry else {
        throw CommandFailure("\(path): cannot be used as an example: it has lines that are not events")
      }
      if let last = groups.last?.last, last.time == event.time {
        groups[groups.count - 1].append(event)
      } else {
        groups.append([event])
      }
    }
    return groups
  }
}

/// A notice of the demo.
struct DemoNotice {
  let program: String
  let envelope: Envelope
  let topic: Topic
  let message: any Message
}

/// Collects the notices and prints them.
final class DemoStage {
  private static let shownAlike = 3
  private let output = LineSink.standardOutput
  private let coloured = Terminal.coloured(STDOUT_FILENO, environment: environment)
  private let parser = JSONParser()
  private var arrived: [DemoNotice] = []
  private var all: [DemoNotice] = []
  private var unreadable = 0

  func show(_ text: String) { output.line(text) }

  func open(_ title: String, _ path: String) {
    output.line("")
    output.line(Terminal.bold(title, if: coloured) + Terminal.dim("  (\(path))", if: coloured))
  }

  func take(_ record: Kafka.Record, _ topic: Topic) {
    guard let read = try? BusMessage(record, topic: topic, parser: parser), let message = read.message(parser) else {
      unreadable += 1
      return
    }
    arrived.append(
      DemoNotice(program: read.envelope.program?.value ?? "", envelope: read.envelope, topic: topic, message: message))
  }

  /// Prints the notices that have arrived, in order of time. Of many of one type it prints only the first ones.
  func show() {
    let sorted = arrived.enumerated().sorted { ($0.element.message.instant, $0.offset) < ($1.element.message.instant, $1.offset) }
      .map(\.element)
    arrived = []
    all += sorted
    let totals = Dictionary(grouping: sorted) { Swift.type(of: $0.message).type }.mapValues(\.count)
    var counts: [String: Int] = [:]
    for notice in sorted {
      let type = Swift.type(of: notice.message).type
      counts[type, default: 0] += 1
      let count = counts[type, default: 0]
      guard count <= Self.shownAlike, let sentence = NoticeText.sentence(notice.message) else {
        let more = totals[type, default: 0] - Self.shownAlike
        if count == Self.shownAlike + 1 { output.line(Terminal.dim("      ... and \(more) more like these", if: coloured)) }
        continue
      }
      output.line("  \(Terminal.dim(notice.message.instant.readable, if: coloured))  \(sentence)")
      if count == 1, let meaning = DemoMeaning.of(notice) {
        output.line("      \(Terminal.Colour.cyan.paint(meaning, if: coloured))")
      }
    }
  }

  /// Prints every expected figure and whether it is right. Returns true if all are.
  func judge() -> Bool {
    output.line("")
    output.line(Terminal.bold("The figures", if: coloured))
    var isRight = unreadable == 0
    for figure in DemoFigure.all {
      let holds = figure.holds(all)
      isRight = isRight && holds
      let mark =
        holds ? Terminal.Colour.green.paint("\u{2713}", if: coloured) : Terminal.Colour.red.paint("\u{2717}", if: coloured)
      output.line("  \(mark) \(figure.program): \(figure.text)")
    }
    output.line("")
    return isRight
  }
}
