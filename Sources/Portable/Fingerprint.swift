/// A text's fingerprint: 64 bits by FNV-1a (Fowler, Noll and Vo; offset 0xCBF29CE484222325, prime
/// 0x100000001B3), for names of what is the same. It keeps nobody from making two texts with the same one.
///
/// - Parameter text: the text; its UTF-8 counts.
/// - Returns: 16 hexadecimal digits.
package func fingerprint(of text: String) -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
