import Contracts
import JSON
import Kafka
import Words
import Worker

/// The requests, decisions, notices and dead letters of some accounts, read from the bus. Entries of one topic are in its order.
struct AccountLog {
  struct Entry {
    let place: Letter.Place
    let envelope: Envelope
    /// The data without the envelope.
    let data: [UInt8]
    let message: any Message
    /// The request that the message names.
    var request: RequestID? {
      (message as? any HasRequest)?.request ?? (message as? ReferralAttributed)?.request
        ?? (message as? ReferralRejected)?.request
    }
  }

  private(set) var entries: [Entry] = []
  /// The last dead letter about the record at each place.
  var letters: [Letter.Place: Letter] = [:]
  private let keys: Set<[UInt8]>
  private let parser = JSONParser()
  private let letterParser = LetterParser()

  init(of accounts: Set<AccountID>) { keys = Set(accounts.map { Array($0.value.utf8) }) }

  /// Adds a record if it is about one of the accounts and can be read.
  mutating func add(_ record: Kafka.Record, _ topic: Topic) {
    guard let key = record.key, keys.contains(key) else { return }
    if topic.kind == .deadLetters {
      guard let service = ServiceName(rawValue: topic.writtenBy), let letter = letterParser.letter(record, of: service),
        let place = letter.place
      else { return }
      letters[place] = letter
    } else if let read = try? BusMessage(record, topic: topic, parser: parser), let message = read.message(parser) {
      add(
        message, read.envelope, data: read.data,
        at: Letter.Place(topic: topic.name, partition: record.partition, offset: record.offset))
    }
  }

  mutating func add(_ message: any Message, _ envelope: Envelope, data: [UInt8], at place: Letter.Place) {
    entries.append(Entry(place: place, envelope: envelope, data: data, message: message))
  }

  /// The messages of one type about an account, with their programs.
  func messages<M: Message>(_ type: M.Type, of account: AccountID, in program: ProgramID?) -> [(program: ProgramID?, message: M)]
  {
    entries.compactMap { entry in
      guard entry.message.key == account.value, program == nil || entry.envelope.program == program else { return nil }
      return (entry.message as? M).map { (entry.envelope.program, $0) }
    }
  }

  /// The account's latest balance in each program and currency, from its notices.
  func balances(of account: AccountID, in program: ProgramID? = nil) -> [(program: ProgramID?, balance: Balance)] {
    var found: [(program: ProgramID?, balance: Balance)] = []
    for entry in entries.reversed() where entry.message.key == account.value {
      guard program == nil || entry.envelope.program == program, let notice = entry.message as? any Notice,
        let balance = NoticeText.balance(after: notice),
        !found.contains(where: { $0.program == entry.envelope.program && $0.balance.currency == balance.currency })
      else { continue }
      found.append((entry.envelope.program, balance))
    }
    return found
  }
}
