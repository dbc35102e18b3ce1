import Foundation
import Testing

@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct InterruptedProgramTests {
  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func signalStopsWithinASecondAndLeavesNothing(signal: Int32, code: Int32) async throws {
    let folder = try WorkFolder()
    try folder.makeClip("c.mp4", frames: 240, size: "320x240")
    let process = Process()
    process.executableURL = URL(filePath: Program.path)
    process.arguments = ["encode", folder("c.mp4"), "-o", folder("z.safetensors")]
    process.standardError = FileHandle.nullDevice
    try process.run()
    try await Task.sleep(for: .milliseconds(700))
    try #require(process.isRunning)
    let start = ContinuousClock.now
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(ContinuousClock.now - start < .milliseconds(1500))
    #expect(process.terminationStatus == code)
    #expect(try folder.names == ["c.mp4"])
  }
}
