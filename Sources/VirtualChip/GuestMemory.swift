import Foundation

/// The memory of a virtual machine, as far as it is shared: regions of its physical addresses, each
/// mapped here. Every access is checked against them.
final class GuestMemory {
  /// A region as the machine describes it.
  struct Region {
    /// Where it begins in the machine's physical addresses.
    var guest: UInt64
    /// How long it is, bytes.
    var size: UInt64
    /// Where it begins in the addresses of the process that runs the machine.
    var user: UInt64
    /// Where it begins in the file behind it.
    var offset: UInt64
  }

  private struct Mapping {
    var region: Region
    var base: UnsafeMutableRawPointer
    var length: Int
    var start: UnsafeMutableRawPointer { base + Int(region.offset) }
  }

  private var mappings: [Mapping] = []

  /// Maps regions from the files that came with them; the files are closed.
  /// - Returns: `nil` when a region is senseless or cannot be mapped.
  init?(regions: [Region], files: [Int32]) {
    defer { for file in files { close(file) } }
    guard regions.count == files.count else { return nil }
    for (region, file) in zip(regions, files) {
      let (length, overflow) = region.size.addingReportingOverflow(region.offset)
      guard !overflow, region.size > 0, length <= 1 << 46,
        !region.guest.addingReportingOverflow(region.size).overflow,
        !region.user.addingReportingOverflow(region.size).overflow
      else { return nil }
      // Beyond the file's end an access would be a bus error.
      var status = stat()
      guard fstat(file, &status) == 0, status.st_size >= 0, UInt64(status.st_size) >= length,
        let base = mmap(nil, Int(length), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
        base != MAP_FAILED
      else { return nil }
      mappings.append(Mapping(region: region, base: base, length: Int(length)))
    }
  }

  deinit { for mapping in mappings { munmap(mapping.base, mapping.length) } }

  /// The bytes at a physical address, or `nil` where they are not all in one region.
  func bytes(guest address: UInt64, count: Int) -> UnsafeMutableRawBufferPointer? {
    find(address, count, { $0.guest })
  }

  /// The bytes at an address of the process that runs the machine.
  func bytes(user address: UInt64, count: Int) -> UnsafeMutableRawBufferPointer? {
    find(address, count, { $0.user })
  }

  private func find(
    _ address: UInt64, _ count: Int, _ begin: (Region) -> UInt64
  ) -> UnsafeMutableRawBufferPointer? {
    guard count >= 0 else { return nil }
    for mapping in mappings {
      let first = begin(mapping.region)
      guard address >= first, address - first <= mapping.region.size,
        mapping.region.size - (address - first) >= UInt64(count)
      else { continue }
      return UnsafeMutableRawBufferPointer(
        start: mapping.start + Int(address - first), count: count)
    }
    return nil
  }
}
