import Foundation

// What this module needs of errno, and a C array of characters as text.

let noSuchCall = ENOSYS
let notAllowed = EACCES
let notPermitted = EPERM
let busy = EBUSY
let interrupted = EINTR
let cancelled = ECANCELED
let noSuchFile = ENOENT
let noSuchDevice = ENODEV
let noSuchAddress = ENXIO

/// Makes a call to the kernel again for as long as a signal interrupts it.
///
/// - Returns: what it answers then: 0 or more, or another negative errno.
func again(_ call: () -> Int32) -> Int32 {
  var result = call()
  while result == -interrupted { result = call() }
  return result
}

func describe(errno code: Int32) -> String { String(cString: strerror(code)) }

/// The text of a fixed array of characters that ends with a zero.
func text<Characters>(_ characters: Characters) -> String {
  withUnsafeBytes(of: characters) { bytes in
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// The text of a small file of the kernel's, without the space around it.
///
/// - Returns: `nil` when it cannot be read.
package func kernelText(_ path: String) -> String? {
  FileManager.default.contents(atPath: path).map {
    String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
