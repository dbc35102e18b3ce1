import Foundation
import Models
import Testing

@testable import Codec

@Suite struct MemoryTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func place(_ path: String, _ text: String) throws {
    let file = folder(path)
    _ = try OutputFolders(of: [file])
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
  }

  private var limit: MemoryLimit? { .current(root: folder.path + "/") }

  @Test func machineSaysWhatItHasLeft() throws {
    try place("proc/meminfo", "MemTotal: 16000 kB\nMemAvailable:    8192 kB\n")
    #expect(limit == MemoryLimit(available: 8192 << 10, source: "the machine"))
  }

  @Test func groupAboveCountsToo() throws {
    try place("proc/meminfo", "MemAvailable: 8192000 kB\n")
    try place("proc/self/cgroup", "0::/a/b\n")
    try place("sys/fs/cgroup/a/b/memory.max", "max\n")
    try place("sys/fs/cgroup/a/b/memory.current", "1000\n")
    try place("sys/fs/cgroup/a/memory.max", "5000000\n")
    try place("sys/fs/cgroup/a/memory.current", "2000000\n")
    try place("sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 500000\n")
    #expect(limit == MemoryLimit(available: 3_500_000, source: "the control group"))
  }

  @Test func firstVersionOfGroupsIsRead() throws {
    try place("proc/self/cgroup", "12:cpu:/x\n5:memory,foo:/docker/abc\n")
    try place("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n")
    try place("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n")
    #expect(limit == MemoryLimit(available: 3_000_000, source: "the control group"))
  }

  @Test func noLimitsIsNoLimit() throws {
    try place("proc/self/cgroup", "5:memory:/\n")
    try place("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    try place("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n")
    #expect(limit == nil)
  }

  @Test func workThatDoesNotFitIsRefusedWithSmallerTiles() throws {
    let model = try tiny().autoencoder
    func guarded(_ available: Int) -> MemoryGuard {
      MemoryGuard(
        model: model, path: "clip.mp4",
        limit: MemoryLimit(available: available, source: "the machine"))
    }
    let both: Set<MemoryGuard.Work> = [.encoding, .decoding]
    let plenty = try guarded(64 << 30).tiles(
      TilingChoice(), width: 1280, height: 720, frames: 65, for: both)
    #expect(plenty.automaticSize == nil)
    #expect(plenty.options == TileOptions())

    let error = #expect(throws: CodecError.self) {
      try guarded(650 << 20).tiles(
        TilingChoice(), width: 640, height: 360, frames: 65, for: both)
    }
    #expect(error?.reason.contains("--tile-size") == true)
    #expect(error?.reason.contains("the machine") == true)
    let chosen = try guarded(650 << 20).tiles(
      TilingChoice(automatic: true), width: 640, height: 360, frames: 65, for: both)
    #expect(chosen.automaticSize.map { $0 < 256 } == true)

    let hopeless = #expect(throws: CodecError.self) {
      try guarded(1 << 20).tiles(
        TilingChoice(automatic: true), width: 640, height: 360, frames: 65, for: both)
    }
    #expect(hopeless?.reason.contains("--size") == true)
  }

  /// Each video that is read or written keeps pictures, and both halves of a round trip keep frames.
  @Test func allThatHoldsPicturesCounts() throws {
    let model = try tiny().autoencoder
    func fits(_ works: Set<MemoryGuard.Work>, readers: Int, writers: Int) -> Bool {
      let memory = MemoryGuard(
        model: model, path: "clip.mp4",
        limit: MemoryLimit(available: 5 << 29, source: "the machine"))
      let choice = try? memory.tiles(
        TilingChoice(), width: 3840, height: 2160, frames: 5, for: works, readers: readers,
        writers: writers)
      return choice != nil
    }
    #expect(fits([.encoding], readers: 1, writers: 0))
    #expect(fits([.decoding], readers: 0, writers: 1))
    #expect(!fits([.decoding], readers: 0, writers: 3))
    #expect(!fits([.decoding], readers: 12, writers: 0))
    #expect(!fits([.encoding, .decoding], readers: 1, writers: 1))
  }
}
