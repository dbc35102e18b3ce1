import Foundation

/// Pages of mapped files.
enum MappedPages {
  /// Tells the system that these bytes of a file were read: their pages would otherwise count as
  /// the program's memory until the file is closed. They can be read again.
  static func release(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (Int(bitPattern: base) + page - 1) / page * page
    let end = (Int(bitPattern: base) + bytes.count) / page * page
    guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
    madvise(first, end - start, MADV_DONTNEED)
  }
}
