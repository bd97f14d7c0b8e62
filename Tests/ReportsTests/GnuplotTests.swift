import Foundation
import Reports
import Testing

/// The one writer of gnuplot scripts.
@Suite struct GnuplotTests {
  private func script(_ panels: [GnuplotScript.Panel], title: String? = nil) -> GnuplotScript {
    GnuplotScript("p", title: title, width: 300, height: 200, panels: panels)
  }

  private let line = GnuplotScript.Series("a.csv", "1:2", with: "lines", title: "a")

  @Test func `one panel is its settings and a plot`() {
    let text = script([.init(x: .init("x (s)"), y: .logarithmic("E (V^2)"), series: [line])]).text
    #expect(
      text.hasPrefix("set terminal pngcairo size 300,200 font 'sans,11'\nset output 'p.png'\n"))
    for command in [
      "set xlabel 'x (s)'", "set ylabel 'E (V^2)'", "set logscale y", "set format y '10^{%L}'",
      "plot 'a.csv' using 1:2 with lines title 'a'",
    ] { #expect(text.contains(command + "\n")) }
    #expect(!text.contains("multiplot") && !text.contains("logscale x"))
  }

  @Test func `a panel takes back what the one before it set`() throws {
    let first = GnuplotScript.Panel(
      "one", x: .init("x", in: 0...1), y: .logarithmic("y"), key: "top left", series: [line])
    let second = GnuplotScript.Panel(x: .init("x"), y: .init("y"), series: [line])
    let text = script([first, second, first]).text
    let parts = text.components(separatedBy: "plot 'a.csv'")
    #expect(parts.count == 4)
    for command in [
      "unset title", "set key top right", "set xrange [*:*]", "unset logscale y",
      "set format y '%g'",
    ] {
      #expect(!parts[0].contains(command) && parts[1].contains(command))
    }
    for command in ["set title 'one' noenhanced", "set xrange [0.0:1.0]", "set logscale y"] {
      #expect(parts[0].contains(command) && parts[2].contains(command))
    }
    // What stays the same is said once.
    #expect(text.components(separatedBy: "set xlabel 'x'").count == 2)
  }

  @Test func `quotes, backslashes and line ends of names reach no command`() {
    let evil = "it's \\ a\n!touch x"
    let text = script(
      [
        .init(
          evil, x: .verbatim(evil), y: .named([(evil, 1)], in: 0...2),
          series: [.init("a.csv", "1:2", with: "lines", title: evil), line])
      ], title: evil
    ).text
    #expect(!text.contains("it's") && !text.contains("\n!touch"))
    #expect(text.contains("title 'its  a!touch x' noenhanced"))
    // Backslashes stand only where a command goes on.
    #expect(
      text.components(separatedBy: "\\").count == text.components(separatedBy: ", \\\n").count)
  }

  @Test func `series name block, thinning and formula`() {
    let text = script([
      .init(
        x: .init("x", every: 500), y: .init("y"),
        series: [
          .init("a.csv", "1:3", block: 2, every: 7, with: "points"),
          .init(formula: "3.7*x", with: "lines dt 3", title: "law"),
        ])
    ]).text
    #expect(text.contains("'a.csv' every 7 using 1:3 index 2 with points notitle"))
    #expect(text.contains("3.7*x with lines dt 3 title 'law'"))
    #expect(text.contains("set xtics 500.0\n"))
  }

  @Test func `zero has a place on a logarithmic axis, and what is missing has none`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("zero-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let drawn = script([
      .init(
        x: .init("x"), y: .logarithmic("E (V^2)", zeroAt: 1e-12),
        series: [
          .init("a.csv", "1:2", with: "lines", title: "a"),
          .init("a.csv", "1:($3*1e6)", block: 0, every: 2, with: "points"),
          .init(formula: "x", with: "lines"),
        ])
    ])
    #expect(drawn.text.contains("'a.csv' using 1:($2<=0?1e-12:$2) with lines title 'a'"))
    #expect(
      drawn.text.contains(
        "'a.csv' every 2 using 1:(($3*1e6)<=0?1e-12:($3*1e6)) index 0 with points notitle"))
    #expect(drawn.text.contains("\nx with lines notitle"))
    let rows: [[CSV.Field]] = (1...3).map { [.count($0), .count(0), .number(nil)] }
    try CSV(["x", "y", "z"], rows: rows).text.write(
      to: folder.appendingPathComponent("a.csv"), atomically: true, encoding: .utf8)
    try script([
      .init(
        x: .init("x"), y: .logarithmic("E (V^2)", zeroAt: 1e-12),
        series: [.init("a.csv", "1:2", with: "lines", title: "a")])
    ]).text.write(
      to: folder.appendingPathComponent("p.gp"), atomically: true, encoding: .utf8)
    do throws(NoPlot) {
      try Gnuplot.draw("p.gp", in: folder.path)
    } catch { #expect(error.description.contains("not installed"), "\(error)") }
  }

  @Test func `gnuplot takes every setting`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plot-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = GnuplotScript.Panel(
      "a_b", x: .named([("one_1", 1), ("two", 2)], in: 0...3),
      y: .logarithmic("E (V^2)", in: 1...10),
      key: "bottom left",
      series: [.init("a.csv", "1:2", block: 0, every: 1, with: "lines", title: "a")])
    let second = GnuplotScript.Panel(
      x: .init("x", every: 1), y: .verbatim("a_b"), series: [.init(formula: "x", with: "lines")])
    try CSV(["x", "y"], rows: [[.count(1), .count(2)], [.count(2), .count(3)]]).text.write(
      to: folder.appendingPathComponent("a.csv"), atomically: true, encoding: .utf8)
    try script([first, second, first], title: "t_t").text.write(
      to: folder.appendingPathComponent("p.gp"), atomically: true, encoding: .utf8)
    do throws(NoPlot) {
      try Gnuplot.draw("p.gp", in: folder.path)
    } catch {
      // Where there is no gnuplot there is nothing to see here.
      #expect(error.description.contains("not installed"))
      return
    }
    #expect(
      FileManager.default.fileExists(atPath: folder.appendingPathComponent("p.png").path))
  }
}
