/// Must fail the Embedded proof: the sum traps when it overflows.
public func trappingSum(_ a: Int32, _ b: Int32) -> Int32 { a + b }
