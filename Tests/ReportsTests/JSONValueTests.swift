import Reports
import Testing

@Suite struct JSONValueTests {
  @Test func `what there is not is left out, and what is not finite is null`() throws {
    let value: JSONValue = [
      "a_V": JSONValue(0.5), "b": JSONValue(Double.nan), "c": JSONValue(nil as Int?),
      "list": .list([JSONValue(1.5), JSONValue(Double.infinity), .number(.nan)]),
      "seed": JSONValue(UInt64.max), "text": "a \"quoted\"\nline", "so": true,
    ]
    let text = try JSON.text(of: value)
    #expect(
      text == """
        {
          "a_V" : 0.5,
          "list" : [
            1.5,
            null,
            null
          ],
          "seed" : 18446744073709551615,
          "so" : true,
          "text" : "a \\"quoted\\"\\nline"
        }
        """)
  }

  @Test func `a table keeps its title, head and rows`() throws {
    let table = TextTable(title: "t", head: ["x", "y"], rows: [["1", "2"]])
    #expect(
      JSONValue(table) == [
        "title": "t", "head": JSONValue(["x", "y"]), "rows": .list([JSONValue(["1", "2"])]),
      ])
  }
}
