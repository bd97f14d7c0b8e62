import Elements
import Yams

/// A node of a YAML file with what is needed to say where and what it is when it is wrong.
///
/// The tree is walked by hand rather than through `Decodable`, which knows no lines and ignores
/// unknown keys.
struct LocatedNode {
  let node: Node
  let file: String
  /// What the node is, for a message: `farads of gates`.
  let what: String

  /// Parses a file of one document without anchors, aliases and tags.
  init(text: String, file: String) throws(DescriptionError) {
    try refuseCostly(text, file: file)
    let parser: Parser
    let root: Node?
    do {
      // The basic resolver guesses no types from the text of a key; values are judged below.
      parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      root = try parser.singleRoot()
    } catch {
      throw syntaxError(error, text: text, file: file)
    }
    guard let root else {
      throw DescriptionError(file: file, message: "the file is empty; a mapping is wanted")
    }
    self.init(node: root, file: file, what: "")
    // Nodes hold their anchors weakly, so the parser must live until they have been looked at.
    try withExtendedLifetime(parser) { () throws(DescriptionError) in
      try refuseMarkup(root, file: file)
    }
    if isNothing {
      throw DescriptionError(file: file, message: "the file is empty; a mapping is wanted")
    }
  }

  init(node: Node, file: String, what: String) {
    self.node = node
    self.file = file
    self.what = what
  }

  /// The line the node begins on, from 1.
  var line: Int? { node.mark?.line }

  /// An error at this node's line.
  func error(_ message: String) -> DescriptionError {
    DescriptionError(file: file, line: line, message: message)
  }

  private var subject: String { what.isEmpty ? "the file" : what }

  /// Whether there is no value, as after `key:` with nothing behind it.
  var isNothing: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  var isMapping: Bool { if case .mapping = node { true } else { false } }
  var isList: Bool { if case .sequence = node { true } else { false } }

  /// What was written, for the end of a sentence.
  var found: String {
    switch node {
    case .mapping: return "a mapping"
    case .sequence: return "a list"
    case .alias: return "an alias"
    case .scalar(let scalar):
      if isNothing { return "nothing" }
      guard scalar.style == .plain else { return "the text \(quote(scalar.string))" }
      if parseNumber(scalar.string) != nil { return "the number \(scalar.string.prefix(60))" }
      return "the text \(quote(scalar.string))"
    }
  }

  private func wrongType(_ wanted: String) -> DescriptionError {
    error("\(subject) must be \(wanted), not \(found)")
  }

  /// The text of a scalar and whether it stands without quotes.
  func scalar(_ wanted: String) throws(DescriptionError) -> (text: String, plain: Bool) {
    guard case .scalar(let scalar) = node, !isNothing else { throw wrongType(wanted) }
    return (scalar.string, scalar.style == .plain)
  }

  /// A finite number in a range.
  func number(
    in allowed: ClosedRange<Double>, unit: String
  ) throws(DescriptionError) -> Double {
    let (text, plain) = try scalar("a number")
    if plain, isNonFinite(text) {
      throw error(
        "\(subject) is \(text); a finite number is wanted, allowed is \(write(allowed, unit: unit))"
      )
    }
    guard plain, let value = parseNumber(text) else { throw wrongType("a number") }
    guard allowed.contains(value) else {
      throw error("\(subject) is \(text); allowed is \(write(allowed, unit: unit))")
    }
    return value
  }

  /// A whole number in a range.
  func integer(in allowed: ClosedRange<Int>) throws(DescriptionError) -> Int {
    let (text, plain) = try scalar("a whole number")
    guard plain, parseNumber(text) != nil else { throw wrongType("a whole number") }
    guard let value = Int(text) else {
      throw error(
        "\(subject) is \(text.prefix(60)); a whole number is wanted, allowed is "
          + "\(allowed.lowerBound) ... \(allowed.upperBound)"
      )
    }
    guard allowed.contains(value) else {
      throw error(
        "\(subject) is \(value); allowed is \(allowed.lowerBound) ... \(allowed.upperBound)")
    }
    return value
  }

  /// `true` or `false`.
  func boolean() throws(DescriptionError) -> Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain,
      let value = ["true": true, "false": false][scalar.string]
    else { throw wrongType("true or false") }
    return value
  }

  /// Text that YAML too takes for text, without control characters other than line ends.
  func text() throws(DescriptionError) -> String {
    let (text, plain) = try scalar("text")
    if plain, parseNumber(text) != nil || isNonFinite(text) || text == "true" || text == "false" {
      throw error("\(subject) must be text, not \(found); put quotes around it if it is meant so")
    }
    guard isText(text) else { throw error("\(subject) holds a control character") }
    return text
  }

  /// A short text of one line for a table's head or a legend.
  func title() throws(DescriptionError) -> String {
    let text = try text()
    guard isTitle(text) else {
      throw error(
        "\(subject) is \(quote(text)); allowed are 1 to 64 characters on one line, no space at "
          + "the ends"
      )
    }
    return text
  }

  /// A name that may appear in file names and columns.
  func name() throws(DescriptionError) -> String {
    let text = try text()
    guard isName(text) else {
      throw error(
        "\(subject) is \(quote(text)); allowed are 1 to 64 letters, digits and _ + - . (not . or "
          + "- first)"
      )
    }
    return text
  }

  /// One of the listed words.
  func word(_ allowed: [String]) throws(DescriptionError) -> String {
    let (text, _) = try scalar("one of \(enumerate(allowed))")
    guard allowed.contains(text) else {
      throw error(
        "\(subject) is \(quote(text))\(suggestion(for: text, among: allowed)); allowed are "
          + "\(enumerate(allowed, most: 20))"
      )
    }
    return text
  }

  /// The entries of a list, each called `item` and its number from 0.
  func list(
    of item: String, count allowed: ClosedRange<Int>
  ) throws(DescriptionError) -> [LocatedNode] {
    guard case .sequence(let sequence) = node else { throw wrongType("a list") }
    guard allowed.contains(sequence.count) else {
      let limits =
        allowed.lowerBound == allowed.upperBound
        ? "\(allowed.lowerBound)" : "\(allowed.lowerBound) ... \(allowed.upperBound)"
      throw error("\(subject) has \(sequence.count) entries; allowed are \(limits)")
    }
    let belongs = what.hasPrefix(item) || what.isEmpty ? "" : " of \(what)"
    return sequence.enumerated().map { index, node in
      LocatedNode(node: node, file: file, what: "\(item) \(index)\(belongs)")
    }
  }

  /// Two numbers in a list, such as the ends of a range.
  func pair(
    in allowed: ClosedRange<Double>, unit: String
  ) throws(DescriptionError) -> (Double, Double) {
    let entries = try list(of: "entry", count: 2...2)
    return (
      try entries[0].number(in: allowed, unit: unit), try entries[1].number(in: allowed, unit: unit)
    )
  }

  /// The entries of a mapping whose keys are all among those allowed.
  func fields(_ allowed: [String]) throws(DescriptionError) -> Fields {
    var values: [String: LocatedNode] = [:]
    for (key, value) in try entries() {
      guard allowed.contains(key.text) else {
        let owner = what.isEmpty ? "" : " of \(what)"
        throw key.node.error(
          "unknown key \(quote(key.text))\(owner)\(suggestion(for: key.text, among: allowed)); "
            + "allowed are \(enumerate(allowed, most: 40))"
        )
      }
      values[key.text] = LocatedNode(
        node: value.node, file: file, what: what.isEmpty ? key.text : "\(key.text) of \(what)")
    }
    return Fields(owner: self, values: values)
  }

  /// The entries of a mapping with any keys, each used once, in the order of the file.
  func entries() throws(DescriptionError) -> [(
    key: (text: String, node: LocatedNode), value: LocatedNode
  )] {
    guard case .mapping(let mapping) = node else { throw wrongType("a mapping") }
    var seen: Set<String> = []
    var entries: [(key: (text: String, node: LocatedNode), value: LocatedNode)] = []
    for (key, value) in mapping {
      let located = LocatedNode(node: key, file: file, what: "a key of \(subject)")
      let text = try located.scalar("a word").text
      guard seen.insert(text).inserted else {
        throw located.error("key \(quote(text)) of \(subject) is given twice")
      }
      entries.append(
        ((text, located), LocatedNode(node: value, file: file, what: "\(text) of \(subject)")))
    }
    return entries
  }
}

/// The entries of a mapping by key.
struct Fields {
  let owner: LocatedNode
  let values: [String: LocatedNode]

  subscript(key: String) -> LocatedNode? { values[key] }

  /// The value of a key that must be there.
  func required(_ key: String) throws(DescriptionError) -> LocatedNode {
    guard let value = values[key] else {
      let subject = owner.what.isEmpty ? "the file" : owner.what
      throw owner.error("\(subject) needs the key \(quote(key))")
    }
    return value
  }
}

/// Whether this is text without control characters other than line ends.
func isText(_ text: String) -> Bool {
  text.unicodeScalars.allSatisfy { !isControl($0) || $0 == "\n" || $0 == "\t" }
}

/// Whether this is a short text of one line, see `LocatedNode.title()`.
func isTitle(_ text: String) -> Bool {
  (1...64).contains(text.unicodeScalars.count)
    && text.unicodeScalars.allSatisfy { !isControl($0) } && text.first != " " && text.last != " "
}

/// Whether this is a name, see `LocatedNode.name()`.
func isName(_ text: String) -> Bool {
  (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    && text.utf8.first != UInt8(ascii: ".") && text.utf8.first != UInt8(ascii: "-")
}

/// Whether the kernel could call a chip or a line so.
func isKernelName(_ text: String) -> Bool { isTitle(text) && text.utf8.count <= 31 }

func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
    UInt8(ascii: "-"), UInt8(ascii: "."):
    true
  default: false
  }
}

/// None is of use, but a question mark in text may look like the beginning of a key.
private let longKeysAllowed = 16

/// Refuses, before parsing, text in which an alias refers to an anchor or in which many keys could
/// hold others.
///
/// The parser replaces aliases by what they stand for. Nested ones grow exponentially as soon as
/// anything looks at every node, and the parser itself does so when one is part of a key. Without
/// aliases a key of keys still costs it the depth times the size.
private func refuseCostly(_ text: String, file: String) throws(DescriptionError) {
  var longKeys = 0
  var anchors: Set<String> = []
  var aliases: [(name: String, line: Int)] = []
  var line = 1
  var previous = UInt8(ascii: "\n")
  let bytes = text.utf8
  var index = bytes.startIndex
  while index < bytes.endIndex {
    let byte = bytes[index]
    let next = bytes.index(after: index)
    if byte == UInt8(ascii: "\n") { line += 1 }
    if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*"), !isNameByte(previous) {
      let name = bytes[next...].prefix {
        isNameByte($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "+")
      }
      if !name.isEmpty {
        let name = String(decoding: name, as: UTF8.self)
        if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.append((name, line)) }
      }
    }
    if byte == UInt8(ascii: "?"), !isNameByte(previous) {
      longKeys += 1
      if longKeys > longKeysAllowed {
        throw DescriptionError(
          file: file, line: line,
          message:
            "more than \(longKeysAllowed) keys that begin with \"?\"; keys must be plain words")
      }
    }
    previous = byte
    index = next
  }
  for alias in aliases where anchors.contains(alias.name) {
    throw DescriptionError(
      file: file, line: alias.line,
      message:
        "alias *\(alias.name.prefix(60)): anchors and aliases are not allowed; write the value out")
  }
}

/// Refuses anchors and tags. In document order an anchor comes before its aliases, so the walk ends
/// before it meets anything twice.
private func refuseMarkup(
  _ node: Node, file: String, isKey: Bool = false
) throws(DescriptionError) {
  func refuse(_ anchor: Anchor?) throws(DescriptionError) {
    if let anchor {
      throw DescriptionError(
        file: file, line: node.mark?.line,
        message:
          "anchor &\(anchor.rawValue.prefix(60)): anchors and aliases are not allowed; write the "
          + "value out"
      )
    }
  }
  switch node {
  case .scalar(let scalar): try refuse(scalar.anchor)
  case .sequence(let sequence): try refuse(sequence.anchor)
  case .mapping(let mapping): try refuse(mapping.anchor)
  case .alias:
    throw DescriptionError(
      file: file, line: node.mark?.line, message: "anchors and aliases are not allowed")
  }
  // A tag is empty until something resolves it, so that a plain scalar which says `!!str` shows. In
  // keys all have been resolved already; there it is what they are called that counts.
  let implied: [Tag.Name]
  switch node {
  case _ where isKey: implied = [.implicit, .str, .seq, .map]
  case .scalar(let scalar) where scalar.style == .plain: implied = [.implicit]
  case .scalar: implied = [.implicit, .str]
  default: implied = [.implicit, .seq, .map]
  }
  if !implied.contains(where: { $0.rawValue == tag(of: node).rawValue }) {
    throw DescriptionError(
      file: file, line: node.mark?.line,
      message:
        "tag \(quote(tag(of: node).rawValue)): tags are not allowed; write the plain value")
  }
  switch node {
  case .sequence(let sequence):
    for entry in sequence { try refuseMarkup(entry, file: file, isKey: isKey) }
  case .mapping(let mapping):
    for (key, value) in mapping {
      try refuseMarkup(key, file: file, isKey: true)
      try refuseMarkup(value, file: file, isKey: isKey)
    }
  default: break
  }
}

/// A node's tag as it is, without resolving it.
private func tag(of node: Node) -> Tag {
  switch node {
  case .scalar(let scalar): scalar.tag
  case .sequence(let sequence): sequence.tag
  case .mapping(let mapping): mapping.tag
  case .alias(let alias): alias.tag
  }
}

private func syntaxError(_ error: any Error, text: String, file: String) -> DescriptionError {
  guard let error = error as? YamlError else {
    return DescriptionError(file: file, message: "not YAML: \(error)")
  }
  switch error {
  case .scanner(let context, let problem, let mark, _),
    .parser(let context, let problem, let mark, _),
    .composer(let context, let problem, let mark, _):
    let context = context.map { "\($0.text), " } ?? ""
    return DescriptionError(
      file: file, line: mark.line, message: "not YAML: \(context)\(problem)")
  case .reader(let problem, let offset, _, _):
    let line = offset.map { 1 + text.prefix($0).count(where: \.isNewline) }
    return DescriptionError(file: file, line: line, message: "not YAML: \(problem)")
  case .duplicatedKeysInMapping(let keys, let context):
    return DescriptionError(
      file: file, line: context.mark.line,
      message: "key \(quote(keys.first ?? "")) is given twice in one mapping, first here")
  default:
    return DescriptionError(file: file, message: "not YAML: \(error)")
  }
}
