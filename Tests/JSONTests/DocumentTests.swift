import JSON
import Testing

@Suite struct DocumentTests {
  private static let event = #"{"id":"e1","data":{"a":1,"b":[{"c":2,"d":3}],"e":{"f":4}},"x":null,"y":{"z":1,"w":[{}]}}"#

  @Test("unknown members are named once each, of decoded objects only")
  func unknownFields() throws {
    let parser = JSONParser()
    func unknown() -> [String] { parser.unknownFields.sorted() }
    try parser.read(utf8(Self.event)) { json throws(JSONError) in
      #expect(unknown() == [])
      let event = try json.object()
      #expect((try? event.member("id")?.string()) == "e1")
      #expect(unknown() == ["data", "x", "y"])
      guard let data = try event.member("data")?.object() else { return }
      #expect(unknown() == ["data.a", "data.b", "data.e", "x", "y"])
      #expect((try? data.required("a", as: Int64.self)) == 1)
      let items = try data.member("b")?.array(of: Item.self)
      #expect(items?.map(\.c) == [2])
      #expect(unknown() == ["data.b[0].d", "data.e", "x", "y"])
      // A requested member that is null is absent, but not unknown.
      #expect(event.member("x") == nil)
      #expect(unknown() == ["data.b[0].d", "data.e", "y"])
      let names = try event.member("y")?.object().members().map(\.name)
      #expect(names == ["z", "w"])
      #expect(unknown() == ["data.b[0].d", "data.e"])
    }
    #expect(unknown() == ["data.b[0].d", "data.e"])
    try parser.read(utf8(Self.event)) { json throws(JSONError) in
      let data = try json.object().member("data")
      _ = try data?.object().required("a", as: Int64.self)
      _ = data?.serialized()
      #expect(unknown() == ["id", "x", "y"])
    }
    #expect(throws: JSONError.self) { try parser.read(utf8("{")) { _ in } }
    #expect(unknown() == [])
  }

  private struct Item: JSONDecodable {
    let c: Int64
    init(json: JSONValue) throws(JSONError) { c = try json.object().required("c") }
  }

  @Test(
    "a part is written again, compact and in its order",
    arguments: [
      (#" { "b" : [ 1 , -2 , 18446744073709551615 ] , "a" : { } } "#, #"{"b":[1,-2,18446744073709551615],"a":{}}"#),
      (#""\u00e4\/\n\u001f\"\\""#, #""ä/\n\u001f\"\\""#),
      ("[true,false,null,[],{},\"\"]", "[true,false,null,[],{},\"\"]"),
      ("[1.5,1e3,-0.0,1e300,5e-324]", "[1.5,1000.0,-0.0,1e+300,5e-324]"),
    ])
  func serialized(_ text: String, _ written: String) throws {
    #expect(String(decoding: try JSONParser().read(utf8(text)) { $0.serialized() }, as: UTF8.self) == written)
  }
}
