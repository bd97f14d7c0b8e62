// Every widening, narrowing and shift of the firmware stands in this file. On 32-bit targets the
// standard library's generic 64-bit conversions and smart shifts bring in an allocation, which the
// Embedded proof refuses; the forms used here do not.

/// Integer arithmetic in 32 and 64 bits that neither allocates nor traps.
@usableFromInline
enum Wide {
  /// The signed 64-bit product of two 32-bit numbers; exact.
  @inlinable @inline(__always)
  static func product(_ a: Int32, _ b: Int32) -> Int64 {
    let product = a.multipliedFullWidth(by: b)
    return joined(product.low, product.high)
  }

  /// The unsigned 64-bit product of two 32-bit numbers; exact.
  @inlinable @inline(__always)
  static func product(_ a: UInt32, _ b: UInt32) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return UInt64(bitPattern: joined(product.low, Int32(bitPattern: product.high)))
  }

  /// Two halves as one 64-bit number. Every target of the firmware is little-endian, so the lower
  /// half is the first lane.
  @inlinable @inline(__always)
  static func joined(_ low: UInt32, _ high: Int32) -> Int64 {
    unsafeBitCast(SIMD2<Int32>(Int32(bitPattern: low), high), to: Int64.self)
  }

  /// A signed number in 64 bits.
  @inlinable @inline(__always)
  static func widen(_ a: Int32) -> Int64 { joined(UInt32(bitPattern: a), a &>> 31) }

  /// An unsigned number in 64 bits.
  @inlinable @inline(__always)
  static func widen(_ a: UInt32) -> UInt64 { UInt64(bitPattern: joined(a, 0)) }

  /// An index as a 32-bit counter; the upper bits are dropped.
  @inlinable @inline(__always)
  static func counter(_ a: Int) -> UInt32 { UInt32(truncatingIfNeeded: a) }

  /// A small unsigned number in 32 bits.
  @inlinable @inline(__always)
  static func widen(_ a: UInt8) -> UInt32 { UInt32(truncatingIfNeeded: a) }

  /// 2 to the power of `position`, 0 ... 63.
  @inlinable @inline(__always)
  static func bit(_ position: Int) -> UInt64 { 1 &<< widen(counter(position)) }

  /// A small unsigned number as an index.
  @inlinable @inline(__always)
  static func index(_ a: UInt8) -> Int { Int(truncatingIfNeeded: a) }

  /// A small unsigned number as an index.
  @inlinable @inline(__always)
  static func index(_ a: UInt16) -> Int { Int(truncatingIfNeeded: a) }

  /// The nearest 32-bit number: values out of range become the range's end.
  @inlinable @inline(__always)
  static func saturate(_ a: Int64) -> Int32 {
    if a > 0x7fff_ffff { return Int32.max }
    if a < -0x8000_0000 { return Int32.min }
    return Int32(truncatingIfNeeded: a)
  }

  /// The nearest unsigned 32-bit number: values out of range become the range's end.
  @inlinable @inline(__always)
  static func saturate(_ a: UInt64) -> UInt32 {
    a > 0xffff_ffff ? UInt32.max : UInt32(truncatingIfNeeded: a)
  }

  /// `a / 2^bits`, rounded to nearest, halves upwards. `bits` is 1 ... 62.
  @inlinable @inline(__always)
  static func rounded(_ a: Int64, shiftedBy bits: Int64) -> Int64 {
    (a &+ (1 &<< (bits &- 1))) &>> bits
  }

  /// `a / 2^bits`, rounded to nearest, halves upwards. `bits` is 1 ... 62; `a` below 2^63.
  @inlinable @inline(__always)
  static func rounded(_ a: UInt64, shiftedBy bits: UInt64) -> UInt64 {
    (a &+ (1 &<< (bits &- 1))) &>> bits
  }

  /// The upper half of a 64-bit number.
  @inlinable @inline(__always)
  static func upper(_ a: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: a &>> 32) }

  /// The lower half of a 64-bit number.
  @inlinable @inline(__always)
  static func lower(_ a: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: a) }

  /// The number itself, or zero in place of a negative one.
  @inlinable @inline(__always)
  static func nonNegative(_ a: Int64) -> UInt64 { a < 0 ? 0 : UInt64(bitPattern: a) }

  /// `a * b / 2^32`, rounded down.
  @inlinable @inline(__always)
  static func highProduct(_ a: UInt32, _ b: UInt32) -> UInt32 { upper(product(a, b)) }

  /// The quotient, rounded down; the largest number for a divisor of zero.
  @inlinable @inline(__always)
  static func quotient(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? UInt64.max : a / b }
}
