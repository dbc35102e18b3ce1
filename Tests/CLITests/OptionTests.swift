import Foundation
import TestSupport
import Testing

/// What the options do, seen from outside.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct OptionTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  @discardableResult
  private func succeed(_ arguments: String...) throws -> Program.Outcome {
    let outcome = try Program.run(arguments, in: folder.path)
    try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
    return outcome
  }

  /// The one object that a command with `--json` writes.
  private func json(_ outcome: Program.Outcome) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require(value as? [String: Any])
  }

  @Test func clipsAreChosen() throws {
    try folder.makeClip("c.mp4", frames: 24)
    let result = try json(
      succeed(
        "encode", "c.mp4", "--start", "0.25", "--every", "2", "--frames", "5", "--size", "32x40",
        "-o", "z.safetensors", "--json"))
    #expect(result["frames"] as? Int == 5 && result["fps"] as? String == "12000/1001")
    #expect(result["width"] as? Int == 32 && result["height"] as? Int == 40)
    #expect(result["latents"] as? [Int] == [16, 2, 5, 4])
    // Frame 6 is the first from a quarter of a second on.
    let info = try json(succeed("info", "z.safetensors", "--json"))
    #expect(info["start_time"] as? String == "1001/4000")
    let slow = try json(
      succeed("encode", "c.mp4", "--max-fps", "10", "-o", "s.safetensors", "--json"))
    #expect(slow["frames"] as? Int == 8 && slow["fps"] as? String == "8000/1001")
  }

  @Test(arguments: [
    ("30000/1001", "30000/1001"), ("29.97", "30000/1001"), ("25", "25/1"), ("12.5", "25/2"),
  ])
  func ratesAreNumbersOrFractions(given: String, written: String) throws {
    try folder.makeClip("c.mp4", frames: 2)
    try succeed("encode", "c.mp4", "-o", "z.safetensors")
    try succeed("decode", "z.safetensors", "-o", "out.mp4", "--fps", given)
    #expect(try Program.probe(folder("out.mp4"), "v:0", "avg_frame_rate") == written)
  }

  @Test func momentsDecodeToTheirMean() throws {
    try folder.makeClip("c.mp4", frames: 5)
    func video(_ posterior: String...) throws -> [Float] {
      let encoded = try Program.run(
        ["encode", "c.mp4", "--dtype", "f32", "-o", "z.safetensors", "--overwrite", "--posterior"]
          + posterior, in: folder.path)
      #expect(encoded.status == 0, "\(encoded.errors)")
      try succeed("decode", "z.safetensors", "-o", "v.safetensors", "--overwrite")
      return try #require(try readTensors(folder("v.safetensors"))["video"]).values
    }
    let mode = try video("mode")
    let moments = try video("moments")
    #expect(zip(mode, moments).allSatisfy { abs($0 - $1) < 1e-4 })
    let first = try video("sample", "--seed", "7")
    #expect(try video("sample", "--seed", "7") == first)
    #expect(try video("sample", "--seed", "8") != first)
  }

  @Test func bareTensorsAreRendered() throws {
    try folder.makeClip("c.mp4", frames: 5)
    try succeed("encode", "c.mp4", "--format", "opensora-pt", "-o", "z.pt")
    let info = try json(succeed("info", "z.pt", "--json"))
    #expect(info["kind"] as? String == "latents")
    let decoded = try succeed("decode", "z.pt", "-o", "out.mp4", "--size", "60x44")
    #expect(decoded.errors.contains("z.pt: has no frame rate; 24 frames per second are assumed"))
    #expect(
      try Program.probe(folder("out.mp4"), "v:0", "width,height,avg_frame_rate,nb_read_frames")
        == "60,44,24/1,5")
  }

  @Test func infoTellsWhatWasInferredAndAssumed() throws {
    let image = try ParityCase("parity/autoencoder_2d")
    let shown = try json(succeed("info", image.weights, "--json"))
    #expect(shown["family"] as? String == "autoencoder_2d (Flux AutoEncoder)")
    #expect(shown["z_channels"] as? String == "16 (inferred)")
    #expect(shown["scale_factor"] as? String == "0.3611 (assumed)")
    let given = try ParityCase("parity/causal3d")
    let facts = try json(
      succeed(
        "info", given.weights, "--config", given.folder.appending(path: "config.json").path,
        "--json"))
    #expect(facts["kind"] as? String == "checkpoint")
    #expect(facts["family"] as? String == "hunyuan_vae (AutoencoderKLCausal3D)")
    #expect(facts["norm_num_groups"] as? String == "4 (given)")
    #expect(facts["dtype"] as? String == "BF16")
    #expect((facts["parameters"] as? String).flatMap(Int.init).map { $0 > 100_000 } == true)
    #expect(try succeed("info", "tiny").output.contains("hunyuan_vae"))
  }

  @Test func modelsAndSpeedAreTold() throws {
    let models = try succeed("models").output
    #expect(models.contains("tiny (embedded)") && models.split(separator: "\n").count == 5)
    let bench = try json(
      succeed("bench", "--size", "32x32", "--frames", "5", "--runs", "1", "--json"))
    let engine = try #require(bench["engine"] as? String)
    #expect(engine.hasPrefix("onednn") || engine.hasPrefix("plain"))
    let passes = try #require(bench["passes"] as? [[String: Any]])
    #expect(passes.compactMap { $0["pass"] as? String } == ["encode", "decode"])
    #expect(passes.allSatisfy { ($0["seconds"] as? Double ?? 0) > 0 })
  }
}
