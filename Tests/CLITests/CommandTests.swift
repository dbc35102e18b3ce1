import Foundation
import Testing

@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct CommandTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  @Test func clipComesBackWithItsFramesRateSizeAndSound() throws {
    try folder.makeClip("c.mp4", frames: 7)
    let encoded = try Program.run(["encode", "c.mp4"], in: folder.path)
    #expect(encoded.status == 0, "\(encoded.errors)")
    let decoded = try Program.run(
      ["decode", "c.latents.safetensors", "-o", "out.mp4", "--audio", "c.mp4"], in: folder.path)
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(
      try Program.probe(
        folder("out.mp4"), "v:0", "codec_name,width,height,avg_frame_rate,nb_read_frames")
        == "h264,64,48,24000/1001,7")
    #expect(try Program.probe(folder("out.mp4"), "a:0", "codec_name") == "aac")
    #expect(encoded.errors.isEmpty)
  }

  @Test func singleFrameBecomesAPicture() throws {
    try folder.makeClip("c.mp4", frames: 3)
    #expect(try Program.run(["encode", "c.mp4", "--frames", "1"], in: folder.path).status == 0)
    let decoded = try Program.run(["decode", "c.latents.safetensors"], in: folder.path)
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(try Program.probe(folder("c.png"), "v:0", "codec_name,width,height") == "png,64,48")
  }

  @Test func roundtripWritesClipsAndReports() throws {
    try folder.makeClip("c.mp4", frames: 5)
    let result = try Program.run(
      ["roundtrip", "c.mp4", "-o", "rt", "--after-h264", "--json"], in: folder.path)
    #expect(result.status == 0, "\(result.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let report = try #require(json?["report"] as? [String: Any])
    let runs = try #require(report["runs"] as? [[String: Any]])
    let figures = try #require(runs.first?["figures"] as? [String: Any])
    #expect(figures["frames"] as? Int == 5)
    #expect((figures["psnr"] as? Double).map { $0 > 5 && $0 < 60 } == true)
    #expect(runs.first?["afterH264"] != nil)
    for name in ["orig/c_orig.mp4", "recn/c_recn.mp4", "report.html", "report.json", "report.csv"] {
      #expect(FileManager.default.fileExists(atPath: folder("rt/\(name)")), "\(name)")
    }
  }

  @Test func gateEndsWithTwo() throws {
    try folder.makeClip("c.mp4", frames: 2)
    let passed = try Program.run(
      ["roundtrip", "c.mp4", "-o", "a", "--min-psnr", "1"], in: folder.path)
    #expect(passed.status == 0)
    let failed = try Program.run(
      ["roundtrip", "c.mp4", "-o", "b", "--min-psnr", "90"], in: folder.path)
    #expect(failed.status == 2)
    #expect(failed.errors.contains("is below 90.00 dB"))
  }

  @Test func severalModelsShareOneTable() throws {
    try folder.makeClip("c.mp4", frames: 2)
    let result = try Program.run(
      ["roundtrip", "c.mp4", "-o", "rt", "--model", "tiny", "--model", "tiny"], in: folder.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("c (tiny)") && result.output.contains("c (tiny_2)"))
  }

  @Test func batchGoesOnAfterABadItemAndSkipsWhatIsDone() throws {
    try folder.makeClip("a.mp4", frames: 2)
    try folder.makeClip("b.mp4", frames: 2)
    try Data("no video".utf8).write(to: URL(filePath: folder("bad.mp4")))
    let arguments = ["encode", "a.mp4", "bad.mp4", "b.mp4", "-o", "out"]
    let first = try Program.run(arguments, in: folder.path)
    #expect(first.status == 3)
    #expect(first.output.contains("3 inputs: 2 done, 0 skipped, 1 failed"))
    #expect(first.errors.split(separator: "\n").count == 1)
    #expect(first.errors.contains("bad.mp4"))
    let second = try Program.run(arguments + ["--json"], in: folder.path)
    #expect(second.status == 3)
    let json = try JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any]
    let states = (json?["items"] as? [[String: Any]])?.compactMap { $0["status"] as? String }
    #expect(states == ["skipped", "failed", "skipped"])
  }

  @Test func namesakesInOneFolderAreKeptApart() throws {
    try folder.makeClip("a.mp4", frames: 2)
    try folder.makeClip("a.mov", frames: 3)
    let encoded = try Program.run(["encode", "a.mp4", "./a.mov"], in: folder.path)
    #expect(encoded.status == 0, "\(encoded.errors)")
    let latents = ["a.latents.safetensors", "a_2.latents.safetensors"]
    #expect(try folder.names == (["a.mov", "a.mp4"] + latents).sorted())
    let again = try Program.run(["encode", "a.mp4", "./a.mov"], in: folder.path)
    #expect(again.output.contains("0 done, 2 skipped"), "\(again.output)")
    try FileManager.default.removeItem(atPath: folder("a.mp4"))
    let decoded = try Program.run(["decode"] + latents, in: folder.path)
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(try Program.probe(folder("a.mp4"), "v:0", "nb_read_frames") == "2")
    #expect(try Program.probe(folder("a_2.mp4"), "v:0", "nb_read_frames") == "3")
    let compared = try Program.run(["roundtrip", "a.mov", "a.mp4"], in: folder.path)
    #expect(compared.status == 0, "\(compared.errors)")
    for name in ["orig/a_orig.mp4", "orig/a_2_orig.mp4"] {
      #expect(FileManager.default.fileExists(atPath: folder("roundtrip/\(name)")), "\(name)")
    }
  }

  @Test func pipesCarryVideoBothWays() throws {
    try folder.makeClip("c.mp4", frames: 4)
    let shell = try Program.tool(
      "bash",
      [
        "-o", "pipefail", "-c",
        """
        cd '\(folder.path)' && ffmpeg -v error -i c.mp4 -f yuv4mpegpipe - \
          | '\(Program.path)' encode - -o z.safetensors \
          && '\(Program.path)' decode z.safetensors -o - | ffmpeg -v error -i - -c:v ffv1 back.mkv
        """,
      ])
    #expect(shell.status == 0, "\(shell.errors)")
    #expect(
      try Program.probe(folder("back.mkv"), "v:0", "width,height,r_frame_rate,nb_read_frames")
        == "64,48,24000/1001,4")
  }

  /// What a stream says of itself is what it says afterwards, but for the bits of a sample.
  @Test(arguments: [
    ("yuv420p", "C420mpeg2 XCOLORRANGE=LIMITED"), ("yuv420p", "C420jpeg XCOLORRANGE=FULL"),
    ("yuv420p", "C420paldv XCOLORRANGE=LIMITED"), ("yuv422p", "C422 XCOLORRANGE=FULL"),
    ("yuv444p", "C444 XCOLORRANGE=LIMITED"), ("yuv420p10le", "C420p10 XCOLORRANGE=FULL"),
    ("yuv422p10le", "C422p10 XCOLORRANGE=LIMITED"), ("yuv444p10le", "C444p10 XCOLORRANGE=FULL"),
  ])
  func pipesKeepRangeAndSiting(pixels: String, tags: String) throws {
    let shell = try Program.tool(
      "bash",
      [
        "-o", "pipefail", "-c",
        """
        cd '\(folder.path)' && { echo 'YUV4MPEG2 W36 H20 F30000:1001 Ip A1:1 \(tags)'
          for i in 1 2 3 4 5; do echo FRAME; ffmpeg -v error -f lavfi -i testsrc2=s=36x20 -frames:v 1 \
            -pix_fmt \(pixels) -f rawvideo -; done; } \
          | '\(Program.path)' encode - -o z.safetensors -q >/dev/null \
          && '\(Program.path)' decode z.safetensors -o - >back.y4m && head -n 1 back.y4m
        """,
      ])
    #expect(shell.status == 0, "\(shell.errors)")
    let fields = shell.output.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(fields.prefix(4) == ["YUV4MPEG2", "W36", "H20", "F30000:1001"])
    for tag in tags.split(separator: " ") {
      // Without their 10 bits, 4:2:0 samples are sited as H.264's.
      let kept = tag == "C420p10" ? "C420mpeg2" : String(tag).replacing("p10", with: "")
      #expect(fields.contains(kept), "\(shell.output)")
    }
    #expect(
      try Program.probe(folder("back.y4m"), "v:0", "width,height,r_frame_rate,nb_read_frames")
        == "36,20,30000/1001,5")
  }
}
