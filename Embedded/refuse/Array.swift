/// Must fail the Embedded proof: the elements of an array live on the heap.
public func makeArray(of count: Int) -> [Int32] { [Int32](repeating: 0, count: count) }
