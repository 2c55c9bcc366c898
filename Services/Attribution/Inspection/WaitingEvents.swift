import Streaming

extension AttributionService {
  /// What an event in a row waits for, in words. `nil` if the row holds no waiting event.
  public static func waiting(_ row: StageRow) throws -> String? {
    guard row.belongs(to: Accounts.name), let event = try row.value(in: Accounts.waiting)?.message else { return nil }
    return "\(type(of: event).type) of \"\(row.key)\" waits for its registration or until its attribution is decided"
  }
}
