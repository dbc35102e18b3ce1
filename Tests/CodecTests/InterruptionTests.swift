import Foundation
import Media
import Synchronization
import Testing

@testable import Codec

@Suite struct InterruptionTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// Stops as soon as the first frames are through, long before the clip's end.
  @Test func cancelledWorkStopsAndLeavesNothing() throws {
    try writeClip(folder("clip.mp4"), frames: 300, width: 32, height: 32)
    let canceller = Canceller()
    let error = #expect(throws: Interrupted.self) {
      try EncodeJob(model: try tiny(), session: canceller.session)
        .run(folder("clip.mp4"), to: .file(folder("z.safetensors")))
    }
    #expect(error?.signal == SIGTERM)
    #expect((1..<100).contains(canceller.framesDone))
    #expect(try folder.names == ["clip.mp4"])
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func signalsEndAProcessThatDoesNotStop(signal: Int32, code: Int32) async throws {
    let path = folder.path
    if code == 130 {
      await #expect(processExitsWith: .exitCode(130)) { [path = path as String] in
        try hang(in: path, until: SIGINT)
      }
    } else {
      await #expect(processExitsWith: .exitCode(143)) { [path = path as String] in
        try hang(in: path, until: SIGTERM)
      }
    }
    #expect(try folder.names.isEmpty)
  }

  /// A process that dies without a word leaves the whole file or none under its name.
  @Test(arguments: [0, 1, 2, 3, 4])
  func killedProcessLeavesAllOrNothing(moment: Int) async throws {
    try writeClip(folder("clip.mp4"), frames: 6, width: 32, height: 32)
    let (path, milliseconds) = (folder.path, moment * 15)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, milliseconds = milliseconds as Int] in
      let model = try tiny()
      let killer = Stage("kill") {
        Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        kill(getpid(), SIGKILL)
      }
      while true {
        unlink("\(path)/z.safetensors")
        _ = try EncodeJob(model: model)
          .run("\(path)/clip.mp4", to: .file("\(path)/z.safetensors"))
      }
      try killer.join()
    }
    if FileManager.default.fileExists(atPath: folder("z.safetensors")) {
      #expect(try LatentFile(folder("z.safetensors")).info?.frames == 6)
    }
    // Where unfinished files have no names, nothing else is left either.
    if File.unnamed(beside: folder("z.safetensors")) != nil {
      #expect(Set(try folder.names).isSubset(of: ["clip.mp4", "z.safetensors"]))
    }
  }

  /// A file that may not grow shows as an error of the write, not as the end of the process; whichever
  /// write it is, from the first byte to the last.
  @Test(arguments: ["z.safetensors", "z.pt", "v.mp4", "v.safetensors", "v.y4m", "rt"])
  func fullDiskIsOneLineAndLeavesNothing(_ name: String) async throws {
    try writeClip(folder("clip.mp4"), frames: 9, width: 48, height: 48)
    _ = try EncodeJob(model: try tiny()).run(folder("clip.mp4"), to: .file(folder("a.safetensors")))
    let path = folder.path
    await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
      let watcher = SignalWatcher(Session())
      let size = try make(name, in: path)
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      var complaints: [String] = []
      for limit in [0, 1, 500] + (1...7).map({ size * $0 / 8 }) + [size - 30, size - 1] {
        var rule = rlimit(rlim_cur: rlim_t(limit), rlim_max: .max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &rule)
        do {
          _ = try make(name, in: path)
          complaints.append("\(limit) of \(size) bytes: no error")
        } catch {
          let line = "\(error)"
          if !line.hasPrefix("\(path)/\(name)") || !line.contains("File too large")
            || line.contains("\n")
          {
            complaints.append("\(limit) of \(size) bytes: \(line)")
          }
        }
        let left = try FileManager.default.subpathsOfDirectory(atPath: path)
          .filter { !["a.safetensors", "clip.mp4", "rt"].contains($0) }
          .filter { !["rt/orig", "rt/recn", "rt/figures"].contains($0) }
        if !left.isEmpty { complaints.append("\(limit) of \(size) bytes leave \(left)") }
      }
      if !complaints.isEmpty { print(complaints.joined(separator: "\n")) }
      withExtendedLifetime(watcher) { exit(complaints.isEmpty ? 0 : 4) }
    }
  }
}

/// Makes a result of the clip `clip.mp4` or the latents `a.safetensors`.
///
/// - Returns: the size of its largest file.
private func make(_ name: String, in folder: String) throws -> Int {
  let (clip, output) = ("\(folder)/clip.mp4", "\(folder)/\(name)")
  if name == "rt" {
    let result = try RoundTripJob(model: try tiny())
      .run(clip, name: "clip", in: output) { FrameCounter() }
    return try [result.original, result.reconstruction].map { try bytes(of: $0).count }.max() ?? 0
  }
  if name.hasPrefix("v") {
    _ = try DecodeJob().run("\(folder)/a.safetensors", to: .file(output))
  } else {
    var options = EncodeOptions()
    if name == "z.pt" { options.format = .openSora }
    _ = try EncodeJob(model: try tiny(), options: options).run(clip, to: .file(output))
  }
  return try bytes(of: output).count
}

/// Holds an unfinished file and ignores its session's wish to stop.
private func hang(in folder: String, until number: Int32) throws {
  let session = Session(temporaries: TemporaryFiles(prefersUnnamed: false))
  let watcher = SignalWatcher(session)
  let file = try UnfinishedFile(
    beside: "\(folder)/a", purpose: "partial", in: session.temporaries)
  kill(getpid(), number)
  // The watcher ends the process long before; without it the code is another.
  Thread.sleep(forTimeInterval: 120)
  withExtendedLifetime((watcher, file)) {}
}

/// Cancels its session as soon as some frames are done.
private final class Canceller: Sendable {
  private let done = Mutex(0)
  private let running = Mutex<Session?>(nil)

  /// The most frames that were told to be done.
  var framesDone: Int { done.withLock { $0 } }

  var session: Session {
    let session = Session(progress: { progress in
      self.done.withLock { $0 = progress.done }
      guard progress.done > 0 else { return }
      self.running.withLock { $0?.cancellation.cancel(signal: SIGTERM) }
    })
    running.withLock { $0 = session }
    return session
  }
}
