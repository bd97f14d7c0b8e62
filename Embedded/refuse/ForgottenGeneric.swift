/// Must fail the Embedded proof: nobody has looked at a generic that the root never instantiates.
public func forgotten<Element: Comparable>(_ a: Element, _ b: Element) -> Element { a < b ? a : b }
