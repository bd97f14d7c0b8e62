public import ArgumentParser
import Reports

/// `--json`, the same for every command that prints a result.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON on standard output instead of text.")
  var json = false

  /// Prints a result.
  ///
  /// - Parameters:
  ///   - value: it as JSON.
  ///   - text: it as text, every line ended.
  /// - Throws: what making either throws.
  func show(_ value: @autoclosure () throws -> JSONValue, text: @autoclosure () throws -> String)
    throws
  {
    if json {
      print(try JSON.text(of: try value()))
    } else {
      print(try text(), terminator: "")
    }
  }
}
