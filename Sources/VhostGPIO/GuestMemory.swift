internal import CSharedMemory
import Foundation

/// The memory of a virtual machine, as far as it is shared: regions of its physical addresses, each
/// mapped here. Every access is checked against them.
///
/// The machine's side cannot take the memory away, since its files are sealed against that; should
/// the system have no page for an access after all, the memory is lost, and `isLost` says so.
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
    /// Its number where bus errors are caught.
    var watch: Int32
    var start: UnsafeMutableRawPointer { base + Int(region.offset) }
  }

  private var mappings: [Mapping] = []

  /// Maps regions from the files that came with them; the files are closed.
  ///
  /// - Parameters:
  ///   - regions: the regions as the machine describes them.
  ///   - files: a file for each region.
  ///   - requiringSeals: only a test of what happens when memory vanishes can do without.
  /// - Throws: why a region is not accepted.
  init(regions: [Region], files: [Int32], requiringSeals: Bool = true) throws(Refusal) {
    defer { for file in files { close(file) } }
    guard regions.count == files.count else {
      throw Refusal("\(regions.count) regions of memory came with \(files.count) files")
    }
    for (region, file) in zip(regions, files) {
      let (length, overflow) = region.size.addingReportingOverflow(region.offset)
      guard !overflow, region.size > 0, length <= 1 << 46,
        !region.guest.addingReportingOverflow(region.size).overflow,
        !region.user.addingReportingOverflow(region.size).overflow
      else { throw Refusal("a region of memory is empty or beyond all addresses") }
      if requiringSeals {
        guard csharedmemory_keeps_its_size(file) == 1 else {
          throw Refusal(
            "its memory can be made shorter while it is used: give QEMU -object "
              + "memory-backend-memfd with share=on, which is sealed by default (F_SEAL_SHRINK)")
        }
      }
      var status = stat()
      guard fstat(file, &status) == 0, status.st_size >= 0, UInt64(status.st_size) >= length else {
        throw Refusal("a region of memory goes beyond the end of its file")
      }
      // Huge pages are mapped and unmapped whole.
      let page = max(Int(status.st_blksize), Int(getpagesize()))
      let mapped = (Int(length) + page - 1) / page * page
      guard let base = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
        base != MAP_FAILED
      else {
        throw Refusal("its memory cannot be mapped: \(String(cString: strerror(errno)))")
      }
      let watch = csharedmemory_watch(base, mapped)
      guard watch >= 0 else {
        munmap(base, mapped)
        throw Refusal("there are too many regions of memory in all")
      }
      mappings.append(Mapping(region: region, base: base, length: mapped, watch: watch))
    }
  }

  deinit {
    for mapping in mappings {
      csharedmemory_forget(mapping.watch)
      munmap(mapping.base, mapping.length)
    }
  }

  /// Whether an access met a page that is not there; what was read since, or shortly before, must
  /// not be trusted.
  var isLost: Bool { mappings.contains { csharedmemory_is_lost($0.watch) } }

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
