import Foundation
import TestSupport
import Testing

/// Real media through checkpoints, as the embedded model's clips go in `CommandTests`.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct OtherModelTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  private func model(_ name: String) throws -> [String] {
    try ParityCase("parity/\(name)").modelOptions
  }

  private func succeed(_ arguments: [String]) throws {
    let outcome = try Program.run(arguments, in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test(arguments: ["dc_ae", "autoencoder_2d", "causal3d_time8"], [2, 11])
  func clipsComeBack(name: String, frames: Int) throws {
    try folder.makeClip("c.mp4", frames: frames, size: "70x46", rate: "30000/1001")
    try succeed(["encode", "c.mp4", "-o", "z.safetensors"] + model(name))
    try succeed(
      ["decode", "z.safetensors", "-o", "out.mp4", "--audio", "c.mp4"] + model(name))
    let entries = "codec_name,width,height,avg_frame_rate,nb_read_frames"
    #expect(
      try Program.probe(folder("out.mp4"), "v:0", entries) == "h264,70,46,30000/1001,\(frames)")
    #expect(try Program.probe(folder("out.mp4"), "a:0", "codec_name") == "aac")
  }

  @Test(arguments: ["dc_ae", "autoencoder_2d", "causal3d_time8"])
  func picturesComeBack(name: String) throws {
    try folder.makeClip("c.mp4", frames: 3, size: "70x46")
    try succeed(["encode", "c.mp4", "--frames", "1", "-o", "z.safetensors"] + model(name))
    try succeed(["decode", "z.safetensors"] + model(name))
    #expect(try Program.probe(folder("z.png"), "v:0", "codec_name,width,height") == "png,70,46")
  }

  @Test(arguments: ["dc_ae", "autoencoder_2d"])
  func modelThatIsNeededIsNamed(name: String) throws {
    try folder.makeClip("c.mp4", frames: 1)
    try succeed(["encode", "c.mp4", "-o", "z.safetensors"] + model(name))
    let before = try folder.names
    let bare = try Program.run(["decode", "z.safetensors"], in: folder.path)
    #expect(bare.status == 1)
    #expect(bare.errors.hasPrefix("vaecodec: z.safetensors: made by model.safetensors (\(name), "))
    #expect(bare.errors.contains("--model names its checkpoint"))
    let wrong = name == "dc_ae" ? "autoencoder_2d" : "dc_ae"
    for (other, family) in [(["--model", "tiny"], "tiny (hunyuan_vae"), (try model(wrong), wrong)] {
      let refused = try Program.run(["decode", "z.safetensors"] + other, in: folder.path)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("made by model.safetensors (\(name), "))
      #expect(refused.errors.contains("not by ") && refused.errors.contains(family))
      #expect(refused.errors.split(separator: "\n").count == 1)
    }
    #expect(try folder.names == before)
  }
}
