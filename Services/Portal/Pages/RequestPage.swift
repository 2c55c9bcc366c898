import Contracts
import Markup

extension Pages {
  /// The progress of a request.
  static func request(_ status: RequestStatus, _ context: PageContext) -> [UInt8] {
    let localized = context.localized
    let kind = RequestKind(type: status.type)
    return context.page(nil, title: localized("request.title")) {
      tag("p", ["class": "lead"]) { localized("request.\(kind.rawValue)") }
      tag("div", ["class": "panel", "role": "status"]) {
        switch status.state {
        case .answered:
          tag("p", ["class": "lead \(status.isAccepted ? "good" : "fault")"]) {
            localized(status.isAccepted ? "request.accepted" : "request.declined")
          }
          if status.isAccepted, kind != .other { tag("p") { localized("request.accepted.\(kind.rawValue)") } }
          if !status.isAccepted {
            tag("ul") { for reason in status.reasons { tag("li") { localized.reason(status.reasonKind, reason) } } }
          }
        case .stored, .sent, .recorded:
          let isSlow = context.isSlow(status)
          tag("p", ["class": "lead"]) { localized(isSlow ? "request.slow" : "request.waiting") }
          tag("p") { localized(isSlow ? "request.slow.text" : "request.reload") }
        }
      }
      tag("ol", ["class": "way"]) {
        for (index, step) in ["stored", "sent", "recorded"].enumerated() {
          tag("li", ["class": index > status.state.steps ? "todo" : nil]) {
            localized("request.\(step)")
            if index == 0 { tag("small") { context.dated(status.at, time: true) } }
          }
        }
        tag("li", ["class": status.state == .answered ? nil : "todo"]) {
          localized(status.state != .answered ? "request.waiting" : status.isAccepted ? "request.accepted" : "request.declined")
        }
      }
      tag("p") { tag("a", ["class": "button", "href": context.link(kind.path)]) { localized("request.continue") } }
      tag("p", ["class": "quiet"]) {
        "\(localized("request.number")): "
        tag("code") { status.request }
      }
    }
  }

  /// The seconds after which the browser reloads the page of a request (header `Refresh`); `nil` if the request is answered.
  static func reload(_ status: RequestStatus, at now: Instant) -> Int? {
    if status.state == .answered { return nil }
    return now - status.at < .minutes(1) ? 2 : 30
  }
}

extension RequestStatus {
  /// The kind of the answer's reason codes. A withdrawal can be answered by `bonus.declined.v1`.
  fileprivate var reasonKind: String {
    switch answer {
    case CodeDeclined.type: "code"
    case BonusDeclined.type: "bonus"
    default: "withdrawal"
    }
  }
}

extension RequestStatus.State {
  /// The number of completed steps.
  fileprivate var steps: Int {
    switch self {
    case .stored: 0
    case .sent: 1
    case .recorded, .answered: 2
    }
  }
}

/// The subject of a request.
private enum RequestKind: String {
  case code, order, withdrawal, cancel, other

  init(type: String) {
    switch type {
    case CodeRequested.type: self = .code
    case CompanyOrderSet.type: self = .order
    case WithdrawalRequested.type: self = .withdrawal
    case WithdrawalCanceled.type: self = .cancel
    default: self = .other
    }
  }

  /// The page that shows its effect.
  var path: String {
    switch self {
    case .code, .other: ""
    case .order: PageKind.discounts.path
    case .withdrawal, .cancel: PageKind.withdraw.path
    }
  }
}

extension PageContext {
  fileprivate func isSlow(_ status: RequestStatus) -> Bool { now - status.at >= .minutes(1) }
}
