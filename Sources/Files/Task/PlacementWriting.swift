extension Placement {
  /// The placement as an entry of a task file, under a netlist's name.
  ///
  /// - Parameters:
  ///   - netlist: the netlist.
  ///   - remark: a comment behind it; may be empty.
  /// - Returns: the line, without its indentation.
  func entry(netlist: String, remark: String) -> String {
    let words = [("sources", sources), ("targets", targets)].map {
      "\($0): [\($1.joined(separator: ", "))]"
    }
    let comment =
      remark.isEmpty ? "" : " # \(remark.map { $0.isNewline ? " " : $0 }.map(String.init).joined())"
    return "\(netlist): {\(words.joined(separator: ", "))}\(comment)"
  }
}

extension TaskDescription {
  /// The task's placement on a board's netlist as an entry of a task file; empty where it has none.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - remark: a comment behind it; may be empty.
  /// - Returns: the line, without its indentation.
  public func placementEntry(on board: BoardDescription, remark: String = "") -> String {
    placements[board.netlist]?.entry(netlist: board.netlist, remark: remark) ?? ""
  }

  /// The text of a task file with this task's placement on a board's netlist written into it; all
  /// else stays as it is, comments too.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - text: the file's text.
  ///   - remark: a comment behind the placement; may be empty.
  /// - Returns: the new text; `nil` where the task has no placement on that netlist, or the file's
  ///   own are written in a way that only a person can add to.
  public func writingPlacement(
    on board: BoardDescription, into text: String, remark: String = ""
  ) -> String? {
    let netlist = board.netlist
    guard let placement = placements[netlist] else { return nil }
    let entry = placement.entry(netlist: netlist, remark: remark)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let head = lines.firstIndex(where: { $0.hasPrefix("placement:") }) else {
      while lines.last == "" { lines.removeLast() }
      return (lines + ["", "placement:", "  " + entry, ""]).joined(separator: "\n")
    }
    let rest = lines[head].dropFirst("placement:".count).drop { $0 == " " }
    guard rest.isEmpty || rest.hasPrefix("#") else {
      guard rest.hasPrefix("{"), let brace = lines[head].firstIndex(of: "{"),
        !lines[head].contains(netlist)
      else { return nil }
      let bare = placement.entry(netlist: netlist, remark: "")
      let isEmpty = rest.dropFirst().drop { $0 == " " }.hasPrefix("}")
      lines[head].insert(
        contentsOf: bare + (isEmpty ? "" : ", "), at: lines[head].index(after: brace))
      return lines.joined(separator: "\n")
    }
    // The block under it: its first entry says how far entries are indented.
    var end = head + 1
    while end < lines.count,
      lines[end].isEmpty || lines[end].hasPrefix(" ") || lines[end].hasPrefix("#")
    {
      end += 1
    }
    let first = lines[head + 1..<end].first { line in
      let bare = line.drop { $0 == " " }
      return !bare.isEmpty && !bare.hasPrefix("#")
    }
    let indent = first.map { String($0.prefix { $0 == " " }) } ?? "  "
    if indent.isEmpty { return nil }
    if let old = lines[head + 1..<end].firstIndex(where: { $0.hasPrefix(indent + netlist + ":") }) {
      // An entry of several lines is left to a person.
      guard lines[old].contains("}") else { return nil }
      lines[old] = indent + entry
    } else {
      lines.insert(indent + entry, at: head + 1)
    }
    return lines.joined(separator: "\n")
  }
}
