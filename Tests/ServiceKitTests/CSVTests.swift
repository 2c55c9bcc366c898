import ServiceKit
import Testing

@Suite struct CSVTests {
  /// A quote with a combining mark is one Character and not equal to a quote. It would end the field.
  @Test(arguments: [("a", "\"a\""), ("a\"b", "\"a\"\"b\""), ("a\"\u{301},=1", "\"a\"\"\u{301},=1\""), ("\r\n", "\"\r\n\"")])
  func everyQuoteIsDoubled(text: String, field: String) {
    #expect(text.quotedInCSV.unicodeScalars.elementsEqual(field.unicodeScalars))
  }
}
