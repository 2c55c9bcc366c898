import Contracts
import Crypto
import Markup
import PortalAccess
import QR
import ServiceKit
import Terms

/// One request for a page of a program, from a signed-in person.
struct Visit {
  let portal: Portal
  let request: HTTPRequest
  let session: Session
  let program: ProgramID
  let terms: TermsVersion
  let language: Language

  /// - Parameter path: the path below the program.
  /// - Returns: `nil` if there is no such page.
  func answer(_ path: [String]) throws -> HTTPResponse? {
    let isForm = request.method == "POST"
    guard isForm || request.method == "GET" else { return .notAllowed("GET, HEAD, POST") }
    switch (path.first ?? "", path.count, isForm) {
    case ("", 0, false): return .page(try context().overview(try summary()))
    case ("invited", 1, false): return try invited()
    case ("book", 1, false) where terms.reward != nil: return try book()
    case ("book.csv", 1, false) where terms.reward != nil: return try file()
    case ("book", 2, false) where terms.reward != nil:
      guard let sequence = Int64(path[1]),
        let entry = try portal.pool.read({ try $0.entry(session.account, program, sequence: sequence) })
      else { return nil }
      return .page(try context().why(entry))
    case ("discounts", 1, false) where terms.discounts != nil:
      return .page(try context().discounts(try portal.discounts(session, program)))
    case ("withdraw", 1, false) where terms.withdrawal != nil: return try withdraw()
    case ("requests", 2, false): return try requested(path[1])
    case ("qr.svg", 1, false): return try code { HTTPResponse(200, "image/svg+xml", Array($0.svg.utf8)) }
    case ("qr.png", 1, false): return try code { HTTPResponse(200, "image/png", $0.png()) }
    case ("poster", 1, false):
      guard let code = try summary().shared, let qr = QRCode(code.link) else { return nil }
      return .page(try context().poster(code, svg: qr.svg))
    case ("help", 1, false):
      let next = portal.programs[program]?.versions.first { $0.effectiveFrom > portal.time() }
      return .page(try context().help(next: next))
    case ("code", 1, true): return try ask(try wishedCode())
    case ("order", 1, true) where terms.discounts != nil: return try ask(try movedCompany())
    case ("withdraw", 1, true) where terms.withdrawal != nil: return try askForWithdrawal()
    case ("withdraw", 2, true) where terms.withdrawal != nil && path[1] == "cancel":
      return try ask(.cancel, named: request.form?["withdrawal"])
    default: return nil
    }
  }

  private func context() throws -> PageContext {
    // Each page gets one request id for its form, so a form sent twice is one request. The id contains no slash, because proxies
    // reject or rewrite %2F in a path.
    let id = RequestID(derivedFrom: ["page-\(Base64URL.text(of: try randomBytes(15)))"])
    return PageContext(
      session: session, programs: portal.programs(of: session), terms: terms, localized: language,
      basePath: portal.settings.basePath, path: "/" + request.segments.map(\.percentEncoded).joined(separator: "/"),
      query: request.query.all.filter { $0.name != "lang" }
        .map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)&" }.joined(),
      freshness: portal.freshness, now: portal.time(), request: id.value,
      formToken: try portal.formTokens.token(for: session, request: id))
  }

  private func summary() throws -> Summary {
    try portal.pool.read { try $0.summary(session.account, program, now: portal.time()) }
  }

  // MARK: Lists

  private func invited() throws -> HTTPResponse? {
    let on = request.query["on"].flatMap { $0.isEmpty ? nil : $0 }
    let find = request.query["find"].flatMap { $0.isEmpty ? nil : $0 }
    let status = request.query["status"].flatMap { RefereeStatus(rawValue: $0) }
    let after = request.query["after"]
    // Include the whole day.
    let day = on.flatMap { Instant(rfc3339: "\($0)T00:00:00Z") }.map { $0 + .days(1) }
    let (page, counts) = try portal.pool.read { model in
      (
        try model.referees(session.account, program, status: status, before: after, registeredBefore: day, find: find),
        try model.summary(session.account, program, now: portal.time()).referees
      )
    }
    guard let page else { return nil }
    let query = InvitedQuery(status: status, on: day == nil ? nil : on, find: find, isContinued: after != nil)
    return .page(try context().invited(page, counts: counts, query: query))
  }

  private func book() throws -> HTTPResponse? {
    let currencies = try summary().balances.map(\.balance.currency)
    let currency = request.query["currency"].flatMap { Currency($0) } ?? currencies.first
    let after = request.query["after"]
    guard let page = try portal.pool.read({ try $0.entries(session.account, program, currency: currency, before: after) }) else {
      return nil
    }
    return .page(try context().book(page, currency: currency, currencies: currencies, isContinued: after != nil))
  }

  /// The whole account book as CSV.
  private func file() throws -> HTTPResponse {
    let file = BookFile(portal.pool, session.account, program, currency: request.query["currency"].flatMap { Currency($0) })
    var response = HTTPResponse(200, "text/csv; charset=utf-8", Array(BookFile.head.utf8))
      .with("Content-Disposition", "attachment; filename=\"account-book.csv\"")
    response.more = { try file.next() }
    return response
  }

  // MARK: Codes

  private func code(_ image: (QRCode) -> HTTPResponse) throws -> HTTPResponse? {
    try summary().shared.flatMap { QRCode($0.link) }.map(image)
  }

  // MARK: Withdrawals

  private func withdraw(_ form: WithdrawalForm = WithdrawalForm(), status: Int = 200) throws -> HTTPResponse {
    let newest = try portal.pool.read { try $0.withdrawals(session.account, program, limit: 20) }?.items ?? []
    let summary = try summary()
    let withdrawals = summary.openWithdrawals + newest.filter { !$0.state.isOpen }
    return .page(try context().withdraw(summary.balances, withdrawals: withdrawals, form: form), status: status)
  }

  /// Shows obvious errors next to their fields. The services check everything else.
  private func askForWithdrawal() throws -> HTTPResponse? {
    guard let fields = request.form else { return failure(.staleForm) }
    let balances = try summary().balances.map(\.balance)
    var form = WithdrawalForm(
      amount: fields["amount"] ?? "", currency: fields["currency"].flatMap { Currency($0) } ?? balances.first?.currency,
      recipient: fields["recipient"])
    let amount = form.currency.flatMap { language.minor(form.amount, $0) }
    let available = balances.first { $0.currency == form.currency }?.available ?? 0
    if let amount, amount > 0 {
      let least = form.currency.flatMap { terms.withdrawal?.minimum[$0] } ?? 0
      if amount > available { form.faults.append(.most(available)) } else if amount < least { form.faults.append(.least(least)) }
    } else {
      form.faults.append(.amount)
    }
    let recipient = session.recipients.first { $0.id == form.recipient }
    if recipient == nil { form.faults.append(.recipient) }
    guard form.faults.isEmpty, let amount, let currency = form.currency, let recipient else {
      return try withdraw(form, status: 422)
    }
    return try ask(.withdrawal(amount: amount, currency: currency, destination: recipient.id))
  }

  // MARK: Requests

  private func wishedCode() throws -> Wish {
    let wish = request.form?["wish"].map { $0.filter { !$0.isWhitespace } } ?? ""
    return .code(vanity: wish.isEmpty ? nil : wish)
  }

  /// The order after moving one company by one place; `nil` if the company is unknown.
  private func movedCompany() throws -> Wish? {
    var order = try portal.discounts(session, program).companies.map(\.company)
    guard let index = order.firstIndex(where: { $0.value == request.form?["company"] }) else { return nil }
    let other = request.form?["move"] == "up" ? index - 1 : index + 1
    if order.indices.contains(other) { order.swapAt(index, other) }
    return .order(order)
  }

  /// - Parameter named: the id of the existing request that this one is about; `nil` to use the form's id.
  private func ask(_ wish: Wish?, named: String? = nil) throws -> HTTPResponse? {
    guard let wish else { return nil }
    guard session.rights.contains(wish.right) else { return failure(.forbidden) }
    guard portal.admits(request, session), let id = RequestID(named ?? request.form?["request"] ?? "") else {
      return failure(.staleForm)
    }
    guard try portal.reason(against: wish, id, session, program) == nil else { return failure(.forbidden) }
    switch try portal.desk.take(wish, id, session, program, at: portal.time(), now: .now) {
    case .taken:
      return redirect(
        "\(portal.settings.basePath)/\(program.value.percentEncoded)/requests/\(id.value.percentEncoded)?type=\(wish.type)")
    case .conflict, .malformed: return failure(.staleForm)
    }
  }

  private func requested(_ name: String) throws -> HTTPResponse? {
    guard let status = try portal.desk.status(session.account, program, name, type: request.query["type"]) else { return nil }
    let context = try context()
    let response = HTTPResponse.page(context.progress(of: status))
    return context.secondsToReload(status).map { response.with("Refresh", String($0)) } ?? response
  }

  private func failure(_ failure: PageFailure) -> HTTPResponse { portal.failure(failure, language, hasSession: true) }
}
