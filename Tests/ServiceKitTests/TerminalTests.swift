import Foundation
import Testing

@testable import ServiceKit

@Suite struct TerminalTests {
  @Test func aPipeIsNoTerminal() {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    #expect(!Terminal.isTerminal(descriptor))
    #expect(Terminal.width(of: descriptor) == nil)
    #expect(!Terminal.coloured(descriptor, environment: [:]))
  }

  @Test func aTerminalIsOne() throws {
    var (main, side): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 97, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&main, &side, nil, nil, &size) == 0)
    defer {
      close(main)
      close(side)
    }
    #expect(Terminal.isTerminal(side))
    #expect(Terminal.width(of: side) == 97)
    #expect(Terminal.coloured(side, environment: [:]))
    #expect(!Terminal.coloured(side, environment: ["TERM": "dumb"]))
    #expect(!Terminal.coloured(side, environment: ["NO_COLOR": "1", "CLICOLOR_FORCE": "1"]))
    let bar = ProgressBar(label: "publish", total: 10, sink: LineSink(descriptor: side))
    bar.advance(by: 10)
    bar.finish()
    bar.finish()
    var buffer = [UInt8](repeating: 0, count: 4096)
    var drawn = ""
    // The terminal may deliver it in pieces. The line feed comes last.
    while !drawn.hasSuffix("\n") {
      var wait = pollfd(fd: main, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, 5000) == 1 else { break }
      let count = read(main, &buffer, buffer.count)
      guard count > 0 else { break }
      drawn += String(decoding: buffer[..<count], as: UTF8.self)
    }
    #expect(drawn.contains("publish [========================================] 100% 10/10"))
    #expect(drawn.hasSuffix("/s\r\n"))
  }

  @Test func nothingIsDrawnOnAPipe() async throws {
    let text = try await written { descriptor in
      let bar = ProgressBar(label: "x", total: 2, sink: LineSink(descriptor: descriptor))
      bar.advance()
      bar.finish()
    }
    #expect(text == "")
  }

  @Test(
    arguments: [
      (9000, 20000, 3.0, 80, "publish [===============>                  ] 45% 9,000/20,000 3,000/s 0:04 left"),
      (0, 20000, 0.0, 80, "publish [>                                       ] 0% 0/20,000 0/s"),
      (20000, 20000, 4.0, 80, "publish [========================================] 100% 20,000/20,000 5,000/s"),
      (10, 1000, 1.0, 80, "publish [>                                       ] 1% 10/1,000 10/s 1:39 left"),
      (9000, nil, 3.0, 80, "publish 9,000 3,000/s"),
      (0, 0, 1.0, 80, "publish [========================================] 100% 0/0 0/s"),
      (9000, 20000, 3.0, 30, "publish 45% 9,000/20,000 3,00"),
    ] as [(Int, Int?, Double, Int, String)])
  func theBar(done: Int, total: Int?, seconds: Double, width: Int, expected: String) {
    let text = ProgressBar.text(label: "publish", done: done, total: total, seconds: seconds, width: width)
    #expect(text == expected)
    #expect(text.count < width)
  }
}
