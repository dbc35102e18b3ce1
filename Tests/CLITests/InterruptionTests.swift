import Foundation
import Testing

@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct InterruptedProgramTests {
  /// The program reads a stream that does not end, so that the signal alone can stop it.
  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func signalStopsTheWorkAndLeavesNothing(signal: Int32, code: Int32) async throws {
    let folder = try WorkFolder()
    let process = Process()
    process.executableURL = URL(filePath: Program.path)
    process.arguments = ["encode", "-", "-o", folder("z.safetensors"), "-q"]
    process.standardError = FileHandle.nullDevice
    let stream = try EndlessStream(width: 320, height: 240)
    process.standardInput = stream.readingEnd
    try process.run()
    // More than the program keeps waiting between its stages: the model is at work.
    try await stream.feed(frames: 60) { process.isRunning }
    kill(process.processIdentifier, signal)
    // One that does not stop is ended; it then shows another code.
    let end = ContinuousClock.now + .seconds(60)
    while process.isRunning, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(5))
    }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == code)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).isEmpty)
  }
}

/// A YUV4MPEG2 stream in a pipe.
private final class EndlessStream {
  private struct Ended: Error {}

  let readingEnd: FileHandle
  private let writingEnd: FileHandle
  private let header: [UInt8]
  private let frame: [UInt8]

  init(width: Int, height: Int) throws {
    let pipe = Pipe()
    readingEnd = pipe.fileHandleForReading
    writingEnd = pipe.fileHandleForWriting
    // Waiting for room in the pipe would not end with the program.
    let descriptor = writingEnd.fileDescriptor
    try #require(fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0)
    header = Array("YUV4MPEG2 W\(width) H\(height) F25:1 C420jpeg\n".utf8)
    let samples = (0..<(width * height * 3 / 2)).map { UInt8(truncatingIfNeeded: $0 * 7) }
    frame = Array("FRAME\n".utf8) + samples
    // A write to a program that has ended is an error, not the end of the tests.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Writes so many frames as the program takes them; throws when it is not `isRunning` any more.
  func feed(frames: Int, while isRunning: () -> Bool) async throws {
    try await write(header, while: isRunning)
    for _ in 0..<frames { try await write(frame, while: isRunning) }
  }

  private func write(_ bytes: [UInt8], while isRunning: () -> Bool) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.write(writingEnd.fileDescriptor, $0.baseAddress, $0.count)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else {
        guard errno == EAGAIN, isRunning() else { throw Ended() }
        try await Task.sleep(for: .milliseconds(2))
      }
    }
  }
}
