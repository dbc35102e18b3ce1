#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// All memory of a context that grows with the clip: one range of addresses, far larger than what is
/// used, backed by pages as they are touched.
///
/// Blocks go to the lowest address that fits. Gaps between them keep their pages as long as all pages
/// together stay below ``peak``, since touching fresh ones is costly; then gaps give theirs back to the
/// system. So the memory taken depends on what blocks take at a time, which an arena without memory
/// (`planning`) finds out.
final class Arena {
  /// Blocks begin at multiples of this.
  static let alignment = 64

  /// Start of the memory; nil when planning.
  private let base: UnsafeMutableRawPointer?
  private let capacity: Int
  /// Most bytes that blocks may take together.
  private let limit: Int
  private var free: RangeSet<Int>
  /// The parts of `free` that have been used and may hold pages.
  private var stale = RangeSet<Int>()
  /// Bytes in blocks now.
  private var used = 0
  /// Most bytes in blocks at any time.
  private var mostUsed = 0

  /// An arena that only counts.
  init(planning: Void) {
    base = nil
    capacity = Int.max / 2
    limit = capacity
    free = RangeSet(0..<capacity)
  }

  /// Reserves addresses, plenty or as many as the system grants; no memory is taken before blocks
  /// are written.
  /// - Parameter limit: most bytes that blocks may take together.
  init(limit: Int = .max) throws {
    var flags = MAP_PRIVATE | MAP_ANON
    #if os(Linux)
      flags |= MAP_NORESERVE
    #endif
    var size = 1 << 40
    var start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    while start == MAP_FAILED && size > 1 << 28 {
      size /= 2
      start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    }
    guard let start, start != MAP_FAILED else {
      throw ComputeError("cannot reserve \(size) bytes: \(String(cString: strerror(errno)))")
    }
    #if os(Linux)
      // Large pages save most of the cost of touching fresh memory; a refusal does no harm.
      _ = madvise(start, size, 14)  // MADV_HUGEPAGE
    #endif
    base = start
    capacity = size
    self.limit = limit
    free = RangeSet(0..<size)
  }

  deinit {
    if let base { munmap(base, capacity) }
  }

  /// `bytes` in whole units of the alignment.
  static func rounded(_ bytes: Int) -> Int {
    (max(bytes, 1) + alignment - 1) / alignment * alignment
  }

  /// Takes a block; it goes back when the returned object does.
  func allocate(_ bytes: Int) throws -> ArenaBlock {
    let size = Self.rounded(bytes)
    guard used + size <= limit, let gap = free.ranges.first(where: { $0.count >= size }) else {
      throw ComputeError(
        "out of memory: \(used) bytes in use, \(size) more needed, \(min(limit, capacity)) allowed")
    }
    let range = gap.lowerBound..<gap.lowerBound + size
    free.remove(contentsOf: range)
    stale.remove(contentsOf: range)
    used += size
    mostUsed = max(mostUsed, used)
    releasePages(keeping: peak - used)
    return ArenaBlock(arena: self, range: range)
  }

  /// Bytes that blocks and gaps have held together at most: a third more than blocks have taken, but
  /// no more than 96 MiB.
  var peak: Int { min(limit, mostUsed + min(mostUsed / 3, 96 << 20)) }

  /// Gives the pages of all gaps back to the system.
  func trim() {
    releasePages(keeping: 0)
  }

  /// Gives pages of gaps back, highest addresses first, until those left take at most `bytes`.
  private func releasePages(keeping bytes: Int) {
    guard let base else { return }
    var excess = stale.ranges.reduce(0) { $0 + $1.count } - bytes
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    for range in stale.ranges.reversed() where excess > 0 {
      excess -= range.count
      stale.remove(contentsOf: range)
      let start = (range.lowerBound + page - 1) / page * page
      let end = range.upperBound / page * page
      guard end > start else { continue }
      #if os(Linux)
        _ = madvise(base + start, end - start, MADV_DONTNEED)
      #else
        _ = madvise(base + start, end - start, MADV_FREE)
      #endif
    }
  }

  fileprivate func pointer(_ offset: Int) -> UnsafeMutableRawPointer {
    guard let base else { preconditionFailure("a planned run has no data") }
    return base + offset
  }

  fileprivate func release(_ range: Range<Int>) {
    used -= range.count
    free.insert(contentsOf: range)
    stale.insert(contentsOf: range)
  }
}

/// A block of an ``Arena``, given back in `deinit`. It keeps its arena alive.
final class ArenaBlock {
  private let arena: Arena
  private var range: Range<Int>

  fileprivate init(arena: Arena, range: Range<Int>) {
    self.arena = arena
    self.range = range
  }

  deinit {
    arena.release(range)
  }

  /// Start of the memory. A planned block has none: asking for it is a programming error.
  var pointer: UnsafeMutableRawPointer { arena.pointer(range.lowerBound) }

  /// Start of the memory as `type`.
  func pointer<T>(as type: T.Type) -> UnsafeMutablePointer<T> {
    pointer.assumingMemoryBound(to: type)
  }

  /// Gives back all but the first `bytes` bytes.
  func shrink(to bytes: Int) {
    let size = Arena.rounded(bytes)
    guard size < range.count else { return }
    let kept = range.lowerBound..<(range.lowerBound + size)
    let rest = kept.upperBound..<range.upperBound
    range = kept
    arena.release(rest)
  }
}
