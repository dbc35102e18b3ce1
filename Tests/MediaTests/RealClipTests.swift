import Foundation
import Media
import Testing

/// Awkward files of other projects; found beside the package or where VAECODEC_CLIPS says.
@Suite(.enabled(if: clips != nil, "no folder of real clips; set VAECODEC_CLIPS"))
struct RealClipTests {
  private func path(_ name: String) throws -> String {
    try #require(clips).appendingPathComponent(name).path
  }

  @Test(arguments: [
    ("tc_bt601_full_range.mp4", 320, 240, 60), ("tc_nasa_13013_rotated.mp4", 270, 480, 17),
    ("tc_testsrc2_odd_height_and_width_vp9.mp4", 321, 241, 25),
    ("tc_h265_10bits.mp4", 200, 200, 30), ("tc_test_non_zero_start.mp4", 200, 112, 12),
    ("dc_unordered.mov", 50, 50, 4),
  ])
  func awkwardClipsAreReadAsFFmpegReadsThem(name: String, width: Int, height: Int, count: Int)
    throws
  {
    let shop = try Workshop()
    let file = try path(name)
    let frames = try readAll(file)
    #expect(frames.count == count)
    #expect((frames[0].width, frames[0].height) == (width, height))
    let expected = try shop.rgb(file)
    // The frames' own matrix and range agree with what ffmpeg assumes for these files; siting may not.
    #expect(difference(planes(frames, "gbr"), expected).mean < 0.6)
  }

  @Test func longAV1IsCut() throws {
    let frames = try readAll(
      try path("tc_av1_video.mkv"),
      reading {
        $0.start = 2
        $0.frames = 3
      })
    #expect(frames.map(\.index) == [0, 1, 2])
  }

  @Test func tenBitsArrive() throws {
    #expect(try readAll(try path("tc_h265_10bits.mp4")).first?.bitDepth == 16)
  }

  @Test func corruptionIsFound() throws {
    let file = try path("dc_corrupted.mp4")
    #expect(failure { _ = try readAll(file) }.contains("dc_corrupted.mp4: frame "))
    let reader = try VideoReader(path: file, options: reading { $0.allowPartial = true })
    let frames = try drain(reader)
    #expect(frames.count >= 28 && reader.lostFrames > 0)
  }
}
