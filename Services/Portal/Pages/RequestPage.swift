import Contracts
import Markup

extension PageContext {
  /// The progress of a request.
  func progress(of status: RequestStatus) -> [UInt8] {
    let kind = RequestKind(type: status.type)
    return page(nil, title: localized("request.title")) {
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
          let isSlow = self.isSlow(status)
          tag("p", ["class": "lead"]) { localized(isSlow ? "request.slow" : "request.waiting") }
          tag("p") { localized(isSlow ? "request.slow.text" : "request.reload") }
        }
      }
      tag("ol", ["class": "way"]) {
        let reached = RequestStatus.State.allCases.firstIndex(of: status.state) ?? 0
        for (index, state) in [RequestStatus.State.stored, .sent, .recorded].enumerated() {
          tag("li", ["class": index > reached ? "todo" : nil]) {
            localized("request.\(state.rawValue)")
            if index == 0 { tag("small") { dated(status.at, time: true) } }
          }
        }
        tag("li", ["class": status.state == .answered ? nil : "todo"]) {
          localized(status.state != .answered ? "request.waiting" : status.isAccepted ? "request.accepted" : "request.declined")
        }
      }
      tag("p") { tag("a", ["class": "button", "href": link(kind.path)]) { localized("request.continue") } }
      tag("p", ["class": "quiet"]) {
        "\(localized("request.number")): "
        tag("code") { status.request }
      }
    }
  }

  /// The seconds after which the browser reloads the page of a request (header `Refresh`); `nil` if the request is answered.
  func secondsToReload(_ status: RequestStatus) -> Int? { status.state == .answered ? nil : isSlow(status) ? 30 : 2 }

  private func isSlow(_ status: RequestStatus) -> Bool { now - status.at >= .minutes(1) }
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
