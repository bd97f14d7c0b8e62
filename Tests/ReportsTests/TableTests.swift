import Reports
import Testing

/// The one printer of tables.
@Suite struct TableTests {
  @Test func `columns are as wide as their widest cell, and whole numbers stand to the right`() {
    let table = TextTable(
      title: "parts", head: ["count", "part"], rows: [["2", "MCP3208"], ["12", "R"]])
    #expect(table.text == "parts\ncount  part\n    2  MCP3208\n   12  R\n")
  }

  @Test func `no line ends in a space, and an indent moves all but the title`() {
    let table = TextTable(
      title: "t", head: ["a", "b"], rows: [["1", ""], ["22", "x"]], indent: 2, alignsNumbers: false)
    #expect(table.text == "t\n  a   b\n  1\n  22  x\n")
  }

  @Test func `a table without a head is its rows, and one without rows its head`() {
    #expect(TextTable(rows: [["a", "b"], ["long", "c"]]).text == "a     b\nlong  c\n")
    #expect(TextTable(head: ["a", "b"], rows: []).text == "a  b\n")
    #expect(TextTable(rows: []).text == "")
  }
}
