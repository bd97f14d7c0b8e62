import Foundation
import Reports
import Testing

/// Comma-separated values, JSON and numbers with units.
@Suite struct WritingTests {
  @Test func `numbers are written so that the same number is read back`() throws {
    let numbers = [0.1, 1.0 / 3, 4.5e-5, 1e300, -0.0, 2]
    let fields = CSV.line(numbers.map(CSV.Field.number)).dropLast().split(separator: ",")
    #expect(fields.map { Double($0)! } == numbers)
  }

  @Test func `a number that is missing or not finite is an empty field`() {
    #expect(CSV.line([.number(nil), .number(.nan), .number(-.infinity), .count(3)]) == ",,,3\n")
  }

  @Test func `text is quoted where a comma, a quote or a line's end would part it`() {
    #expect(
      CSV.line([.text("a b"), .text("a,b"), .text("say \"x\""), .text("a\nb")])
        == "a b,\"a,b\",\"say \"\"x\"\"\",\"a\nb\"\n")
    #expect(CSV.line([.quoted("E (V^2)")]) == "\"E (V^2)\"\n")
  }

  @Test func `a file begins with its columns, and gaps part blocks for gnuplot`() {
    var csv = CSV(["x_V", "y_V"], rows: [[.number(1), .count(2)]])
    csv.addGap()
    csv.add([.text("a"), .text("b")])
    #expect(csv.text == "x_V,y_V\n1.0,2\n\n\na,b\n")
    #expect(CSV().text == "")
  }

  @Test func `JSON has its keys in order, and a number that is not finite is refused`() throws {
    #expect(try JSON.text(of: ["b": 1, "a": 2]) == "{\n  \"a\" : 2,\n  \"b\" : 1\n}")
    let refusal = #expect(throws: NotFinite.self) { try JSON.data(of: [1.0, .nan]) }
    #expect(refusal?.description.contains("not finite") == true)
  }

  @Test func `numbers are shown with three figures and their units`() {
    #expect(Format.seconds(0.123456) == "0.123 s" && Format.squareVolts(4.5e-5) == "45 mV^2")
    #expect(Format.percent(0.98765) == "98.8 %" && Format.fixed(0.86) == "0.860")
    #expect(Format.significant(1234567) == "1.23e+06")
  }
}
