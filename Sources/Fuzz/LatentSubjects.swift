import Checkpoint
import Codec
import Models

extension Subject {
  /// Latent files, our own and other tools', up to the values that a decoder takes.
  static func latents() throws -> Subject {
    let file = try InputFile()
    let geometry = try ModelConfiguration.published(.hunyuanVAE).geometry
    let own = LatentInfo.Key.allCases.map(\.rawValue)
    return Subject(
      seeds: [ownFile(metadata: metadata), foreignFile(name: "latents_005x32x32_float32")],
      tokens: (own + [
        "latents", "latent_tensor", "samples", "mean", "moments", "sample", "false", "off", "nan",
        "inf", "1e30", "1/0", "9223372036854775807", "1099511627776", "F16", "BF16", "[1,16,2,4,4]",
      ]).map { Array($0.utf8) } + [[0, 0, 0xc0, 0x7f]],
      generate: { random in
        var metadata = metadata
        let key = random.pick(own)
        metadata[key] = random.once(in: 4) ? nil : random.pick(Array(metadata.values.sorted()))
        return random.once(in: 2)
          ? ownFile(metadata: metadata)
          : foreignFile(name: "latents_\(random.pick(-1..<9))x\(random.pick(0..<40))x32_\(key)")
      },
      parse: { input in
        try file.write(input)
        let clip = try LatentClip(
          LatentFile(file.path), geometry: geometry,
          scaling: .multiply(scale: 0.5, shift: 0.1), DecodeOptions()
        ) { _ in }
        for stretch in clip.stretches {
          guard try clip.latents(stretch).firstNonFinite == nil else {
            throw ImproperRefusal(description: "latents that are not finite")
          }
        }
      })
  }

  private static let metadata = [
    "format": "vaecodec.latents", "format_version": "1", "model_family": "hunyuan_vae",
    "model_name": "tiny", "model_sha256": String(repeating: "0", count: 64), "scaled": "true",
    "scale_factor": "0.5", "shift_factor": "0.0", "posterior": "mode", "fps": "24000/1001",
    "start_time": "0", "frames": "5", "width": "30", "height": "32", "padded_frames": "5",
    "padded_width": "32", "padded_height": "32", "tile_size": "off", "tile_frames": "off",
    "tile_overlap": "off", "program": "vaecodec 0.1.0",
  ]

  /// A file of ours: latents `[16, 2, 4, 4]`.
  private static func ownFile(metadata: [String: String]) -> [UInt8] {
    let pairs = metadata.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
    return latentFile(
      "\"__metadata__\":{\(pairs.joined(separator: ","))},\"latents\"", "[16,2,4,4]")
  }

  private static func foreignFile(name: String) -> [UInt8] {
    latentFile("\"\(name)\"", "[1,16,2,4,4]")
  }

  private static func latentFile(_ start: String, _ shape: String) -> [UInt8] {
    let header = "{\(start):{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,2048]}}"
    let values = (0..<512).flatMap { littleEndian(Float($0).bitPattern) }
    return littleEndian(UInt64(header.utf8.count)) + header.utf8 + values
  }
}
