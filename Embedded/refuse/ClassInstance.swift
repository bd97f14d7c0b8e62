/// Must fail the Embedded proof: an instance of a class lives on the heap.
public func makeCounter() -> Counter { Counter() }

/// Something with an identity.
public final class Counter {
  var count: Int32 = 0
}
