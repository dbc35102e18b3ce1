import Foundation
import Testing

@testable import Quality

@Suite struct VMAFTests {
  /// A folder with an `ffmpeg` that runs `script`, for the length of `body`.
  private func withFFmpeg(_ script: String, _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    // A shell writes it: what this process writes, a child that another test has just forked may
    // still hold open, and the system starts no file that is open for writing.
    let command = folder.appending(path: "ffmpeg").path()
    let shell = try Process.run(
      URL(filePath: "/bin/sh"),
      arguments: [
        "-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", script,
        command,
      ])
    shell.waitUntilExit()
    try #require(shell.terminationStatus == 0)
    try body(folder.path())
  }

  @Test func saysWhyItIsUnavailable() throws {
    let missing = #expect(throws: QualityError.self) { try VMAF(path: "/nonexistent") }
    #expect(missing?.description == "VMAF is unavailable: no ffmpeg on the path")
    try withFFmpeg("echo ' TS. ssim  VV->V  Calculate the SSIM'") { path in
      let error = #expect(throws: QualityError.self) { try VMAF(path: path) }
      #expect(
        error?.description == "VMAF is unavailable: this ffmpeg is built without libvmaf")
    }
  }

  @Test func readsTheLog() throws {
    let script = """
      case "$*" in
      *-filters*) echo ' ... libvmaf  VV->V  Calculate the VMAF' ;;
      *'-i /b 1.mp4 -i /a.mp4'*)
        echo '{"version": "2.3.1", "frames": [
          {"frameNum": 0, "metrics": {"integer_adm2": 0.9, "vmaf": 90.5}},
          {"frameNum": 1, "metrics": {"integer_adm2": 0.9, "vmaf": 80.5}}]}' > vmaf.json ;;
      *) echo broken >&2; exit 1 ;;
      esac
      """
    try withFFmpeg(script) { path in
      let vmaf = try VMAF(path: path)
      let figures = try vmaf.measure(source: "/a.mp4", reconstruction: "/b 1.mp4")
      #expect(figures == VMAFFigures(mean: 85.5, minimum: 80.5, perFrame: [90.5, 80.5]))
      let error = #expect(throws: QualityError.self) {
        try vmaf.measure(source: "/a.mp4", reconstruction: "/c.mp4")
      }
      #expect(error?.description == "/c.mp4: ffmpeg could not measure VMAF: broken")
    }
  }

  @Test func aLogWithoutScoresIsAnError() {
    #expect(throws: QualityError.self) { try VMAF.parse(Data(#"{"frames": []}"#.utf8)) }
    #expect(throws: QualityError.self) { try VMAF.parse(Data("nan".utf8)) }
  }
}
