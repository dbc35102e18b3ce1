import Foundation
import Testing

/// Figures that another tool confirms.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct QualityTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  /// ffmpeg's PSNR of a written clip against an RGB source, frame by frame.
  private func psnr(_ clip: String, against source: String, size: String) throws -> Double {
    let rgb =
      "setpts=N/TB,scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic"
      + ":in_h_chr_pos=0:in_v_chr_pos=128,format=gbrp,crop=\(size):0:0"
    let outcome = try Program.tool(
      "ffmpeg",
      [
        "-nostdin", "-i", folder(clip), "-i", folder(source), "-lavfi",
        "[0:v]\(rgb)[a];[1:v]setpts=N/TB,format=gbrp[b];[a][b]psnr", "-f", "null", "-",
      ])
    let average = try #require(
      outcome.errors.firstMatch(of: /average:([0-9.]+)/), "\(outcome.errors)")
    return try #require(Double(average.1))
  }

  /// The one run of a `roundtrip --json`.
  private func roundtrip(_ arguments: [String]) throws -> [String: Any] {
    let result = try Program.run(["roundtrip", "--json"] + arguments, in: folder.path)
    #expect(result.status == 0, "\(result.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let report = try #require(json?["report"] as? [String: Any])
    return try #require((report["runs"] as? [[String: Any]])?.first)
  }

  private func figure(_ run: [String: Any], _ stage: String) throws -> Double {
    try #require((run[stage] as? [String: Any])?["psnr"] as? Double)
  }

  @Test(arguments: ["64:48", "63:45"])
  func lossesOfH264CountOnce(size: String) throws {
    let made = try Program.tool(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25,scale=\(size),setsar=1",
        "-frames:v", "6", "-pix_fmt", "bgr0", "-c:v", "ffv1", folder("c.mkv"),
      ])
    try #require(made.status == 0, "\(made.errors)")
    let run = try roundtrip(["c.mkv", "-o", "rt", "--after-h264", "--crf", "30"])
    let (before, after) = (try figure(run, "figures"), try figure(run, "afterH264"))
    #expect(after != before)
    let expected = try psnr("rt/recn/c_recn.mp4", against: "c.mkv", size: size)
    #expect(abs(after - expected) < 0.01, "\(after) \(expected)")
  }

  @Test func otherFiguresAreMadeAnew() throws {
    try folder.makeClip("c.mp4", frames: 2)
    let clips = ["c.mp4", "c.mp4", "-o", "rt"]
    #expect(try roundtrip(clips)["afterH264"] == nil)
    let refused = try Program.run(["roundtrip", "--after-h264"] + clips, in: folder.path)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("--overwrite"))
    #expect(try roundtrip(clips + ["--after-h264", "--overwrite"])["afterH264"] != nil)
  }
}
