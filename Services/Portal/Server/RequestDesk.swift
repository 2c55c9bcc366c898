import Contracts
import JSON
import PortalAccess
import Synchronization

/// A person's request, before it becomes a message.
enum Wish: Sendable, Equatable {
  case code(vanity: String?)
  case order([CompanyID])
  case withdrawal(amount: Int64, currency: Currency, destination: String)
  /// Cancels the withdrawal with that id.
  case cancel

  /// The right that the request needs.
  var right: Right {
    switch self {
    case .code: .code
    case .order: .order
    case .withdrawal, .cancel: .withdraw
    }
  }

  var type: String {
    switch self {
    case .code: CodeRequested.type
    case .order: CompanyOrderSet.type
    case .withdrawal: WithdrawalRequested.type
    case .cancel: WithdrawalCanceled.type
    }
  }

  func message(_ request: RequestID, _ account: AccountID, at instant: Instant) -> any Message {
    switch self {
    case .code(let vanity):
      CodeRequested(request: request, account: account, requestedAt: instant, vanity: vanity)
    case .order(let companies):
      CompanyOrderSet(request: request, account: account, requestedAt: instant, companies: companies)
    case .withdrawal(let amount, let currency, let destination):
      WithdrawalRequested(
        request: request, account: account, requestedAt: instant, amount: amount, currency: currency, destination: destination)
    case .cancel:
      WithdrawalCanceled(request: request, account: account, canceledAt: instant)
    }
  }
}

/// Accepts requests, stores them until they are on the bus, and reports their progress.
struct RequestDesk: Sendable {
  enum Outcome {
    /// The request is stored, now or by an earlier call.
    case taken(RequestStatus)
    /// Another request has this id.
    case conflict
    /// The contract's decoder rejects the request for this reason.
    case malformed(String)
  }

  let store: RequestStore
  let pool: ModelPool
  let sender: RequestSender

  /// - Parameters:
  ///   - instant: the time of the request, by the program's clock.
  ///   - now: system time.
  func take(
    _ wish: Wish, _ request: RequestID, _ session: Session, _ program: ProgramID, at instant: Instant, now: Instant
  ) throws -> Outcome {
    let message = wish.message(request, session.account, at: instant)
    let (type, body): (any Message.Type, [UInt8]) = (type(of: message), message.jsonBytes())
    // Reject here what the services would reject, with the same error.
    do throws(JSONError) { _ = try JSONParser().decode(type, from: body) } catch {
      return .malformed(Rejection(error).detail)
    }
    let recorded = try pool.read { try $0.request(session.account, program, request.value, type: wish.type) }
    let known = try store.find(session.account, program, request.value, type: wish.type)
    if let first = recorded.map({ ($0.body, $0.status.at) }) ?? known.map({ ($0.body, $0.at) }) {
      // A retry has another instant, so compare the bodies at the instant of the first request.
      guard first.0 == wish.message(request, session.account, at: first.1).jsonBytes() else { return .conflict }
    } else {
      let kept = try store.keep(
        .init(program: program, account: session.account, request: request, type: wish.type, at: instant, body: body), now: now)
      guard kept.body == wish.message(request, session.account, at: kept.at).jsonBytes() else { return .conflict }
      sender.wake()
    }
    return try status(session.account, program, request.value, type: wish.type).map { .taken($0) } ?? .conflict
  }

  /// The progress of a request; `nil` if it is unknown.
  func status(_ account: AccountID, _ program: ProgramID, _ request: String, type: String? = nil) throws -> RequestStatus? {
    if let recorded = try pool.read({ try $0.request(account, program, request, type: type) }) { return recorded.status }
    return try store.find(account, program, request, type: type).map { kept in
      RequestStatus(request: request, type: kept.type, at: kept.at, state: kept.isSent ? .sent : .stored)
    }
  }
}
