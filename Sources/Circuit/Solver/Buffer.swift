/// A run of values at a fixed place in memory, without bounds checks: what the solver's hot loops
/// read and write. It owns its memory and cannot be copied.
///
/// The values may be written through a `let`, as those of a pointer may; the code that holds the
/// buffer makes sure that nothing else does at the time.
struct Buffer<Value: BitwiseCopyable>: ~Copyable {
  private let start: UnsafeMutablePointer<Value>
  /// The number of values.
  let count: Int

  /// The values of an array.
  init(_ values: [Value]) {
    start = .allocate(capacity: max(values.count, 1))
    count = values.count
    for (index, value) in values.enumerated() { (start + index).initialize(to: value) }
  }

  /// So many times one value.
  init(repeating value: Value, count: Int) {
    start = .allocate(capacity: max(count, 1))
    start.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit { start.deallocate() }

  /// A value.
  /// - Precondition: 0 <= `index` < `count`; it is not checked.
  subscript(index: Int) -> Value {
    @inline(__always) unsafeAddress { UnsafePointer(start + index) }
    @inline(__always) nonmutating unsafeMutableAddress { start + index }
  }

  /// Where the values are, for loops over parts of them.
  var pointer: UnsafeMutablePointer<Value> {
    @inline(__always) get { start }
  }

  /// The first values, as an array.
  func prefix(_ length: Int) -> [Value] {
    Array(UnsafeBufferPointer(start: start, count: length))
  }

  /// Takes over the first values of another buffer.
  func update(from other: borrowing Buffer, count: Int) {
    start.update(from: other.start, count: count)
  }

  /// Sets the first values.
  func update(repeating value: Value, count: Int) {
    start.update(repeating: value, count: count)
  }
}
