import Contracts
import Streaming

extension FileEvent {
  /// The event as a record of its topic, for the simulation. Its offset is the line.
  ///
  /// - Parameter program: the program of an event that names none.
  package func record(_ program: ProgramID? = nil) -> InputRecord {
    var text = text
    if envelope.program == nil, let program {
      var envelope = envelope
      envelope.program = program
      text = envelope.structuredText(data: data)
    }
    return InputRecord(
      topic: topic, offset: Int64(line), key: Array(message.key.utf8), value: text,
      headers: [("content-type", Array(Envelope.structuredContentType.utf8))])
  }
}
