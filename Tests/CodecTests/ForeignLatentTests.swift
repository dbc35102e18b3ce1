import Checkpoint
import Foundation
import Media
import Tensor
import TestSupport
import Testing

@testable import Codec

/// Latents in the forms of other tools decode to the same clip as our own.
@Suite struct ForeignLatentTests {
  let folder: TestFolder
  let model: LoadedModel

  init() throws {
    folder = try TestFolder()
    model = try tiny()
    try writeSafetensors(folder("x.safetensors"), [("x", testVideo(frames: 5))])
  }

  private func encode(_ format: LatentFormat) throws -> EncodeResult {
    var options = EncodeOptions()
    options.format = format
    options.dtype = .f32
    options.existing = .overwrite
    return try EncodeJob(model: model, options: options)
      .run(folder("x.safetensors"), to: .base(folder("out/clip")))
  }

  private func decode(_ path: String, _ change: (inout DecodeOptions) -> Void = { _ in }) throws
    -> Tensor
  {
    var options = DecodeOptions()
    options.existing = .overwrite
    change(&options)
    _ = try DecodeJob(options: options).run(path, to: .file(folder("video.safetensors")))
    return try readTensor(folder("video.safetensors"), "video")
  }

  @Test(arguments: LatentFormat.allCases)
  func everyFormatComesBack(_ format: LatentFormat) throws {
    let expected = try decode(try encode(.vaecodec).output)
    let result = try encode(format)
    #expect(difference(try decode(result.output), expected) < 1e-4)
  }

  @Test func namesAndKeysAreThoseOfTheTools() throws {
    #expect(try encode(.musubi).output == folder("out/clip_00000-005_0032x0032_hv.safetensors"))
    #expect(try encode(.comfyUI).output == folder("out/clip.latent"))
    #expect(try encode(.openSora).output == folder("out/clip.pt"))
    let musubi = try SafetensorsFile(path: folder("out/clip_00000-005_0032x0032_hv.safetensors"))
    #expect(musubi.entries.map(\.name) == ["latents_2x4x4_float32"])
    #expect(musubi.entries[0].shape == [16, 2, 4, 4])
    #expect(musubi.metadata["architecture"] == "hunyuan_video")
    let comfy = try SafetensorsFile(path: folder("out/clip.latent"))
    #expect(comfy["latent_tensor"]?.shape == [1, 16, 2, 4, 4])
    #expect(comfy["latent_format_version_0"]?.shape == [0])
  }

  @Test func imageModelsFramesAreABatchForComfyUI() throws {
    let parity = try ParityCase("parity/autoencoder_2d")
    let reference = ModelReference(
      parity.weights, configuration: parity.folder.appending(path: "config.json").path)
    let images = try LoadedModel(reference)
    func encode(_ format: LatentFormat) throws -> String {
      var options = EncodeOptions()
      (options.format, options.dtype) = (format, .f32)
      return try EncodeJob(model: images, options: options)
        .run(folder("x.safetensors"), to: .base(folder("images"))).output
    }
    func decode(_ path: String) throws -> Tensor {
      var options = DecodeOptions()
      options.existing = .overwrite
      _ = try DecodeJob(model: reference, options: options)
        .run(path, to: .file(folder("video.safetensors")))
      return try readTensor(folder("video.safetensors"), "video")
    }
    let own = try encode(.vaecodec)
    let comfy = try encode(.comfyUI)
    let batch = try readTensor(comfy, "latent_tensor")
    #expect(batch.shape == [5, 16, 4, 4])
    let latents = images.autoencoder.scaling.fromDiffusion(try readTensor(own, "latents"))
    for (frame, channel) in [(0, 0), (3, 7), (4, 15)] {
      let picture = batch.slice(axis: 0, frame..<frame + 1).slice(axis: 1, channel..<channel + 1)
      let expected = latents.slice(axis: 1, frame..<frame + 1)
        .slice(axis: 0, channel..<channel + 1)
      #expect(difference(picture.reshaped([16]), expected.reshaped([16])) < 1e-5)
    }
    #expect(difference(try decode(comfy), try decode(own)) < 1e-4)
    // To a video model such a batch is several clips.
    let error = #expect(throws: CodecError.self) { try self.decode(comfy) }
    #expect(error.map { "\($0)" }?.contains("one clip at a time") == true)
  }

  @Test(arguments: ["latents", "latent", "latent_tensor", "encoded_video", "samples", "anything"])
  func anyOneTensorIsTaken(_ name: String) throws {
    let own = try encode(.vaecodec)
    let latents = try readTensor(own.output, "latents")
    let expected = try decode(own.output)
    let unscaled = model.autoencoder.scaling.fromDiffusion(latents)
    // ComfyUI's name says that values are unscaled; before it had a mark, they were multiplied.
    let isComfyUI = name == "latent_tensor"
    let path = folder("\(name).safetensors")
    let stored = isComfyUI ? unscaled.mapped { $0 * 0.18215 } : latents
    try writeSafetensors(
      path, [(name, stored.reshaped([1] + latents.shape)), ("step", Tensor([1]))])
    #expect(difference(try decode(path), expected) < 1e-3)

    try writeSafetensors(folder("raw.safetensors"), [("z", unscaled)])
    let raw = try decode(folder("raw.safetensors")) { $0.isUnscaled = true }
    #expect(difference(raw, expected) < 1e-4)
  }

  @Test func choiceAmongSeveralHasToBeMade() throws {
    let latents = try readTensor(try encode(.vaecodec).output, "latents")
    try writeSafetensors(folder("two.safetensors"), [("a", latents), ("b", latents)])
    #expect(throws: CodecError.self) { try decode(folder("two.safetensors")) }
    #expect(try decode(folder("two.safetensors")) { $0.tensor = "b" }.shape == [3, 5, 32, 32])
    #expect(throws: CodecError.self) { try decode(folder("two.safetensors")) { $0.tensor = "c" } }
    try writeSafetensors(folder("batch.safetensors"), [("latents", Tensor([2, 16, 1, 4, 4]))])
    #expect(throws: CodecError.self) { try decode(folder("batch.safetensors")) }
  }

  @Test func sizeAndRateAreSupplied() throws {
    let latents = try readTensor(try encode(.vaecodec).output, "latents")
    try writeSafetensors(folder("z.safetensors"), [("latents", latents)])
    let notes = Notes()
    var options = DecodeOptions()
    options.size = FrameSize(width: 30, height: 26)
    let result = try DecodeJob(options: options, session: notes.session)
      .run(folder("z.safetensors"), to: .file(folder("z.mp4")))
    #expect((result.width, result.height, result.fps) == (30, 26, "24"))
    #expect(notes.lines.contains { $0.contains("24 frames per second") })
    options.size = FrameSize(width: 40, height: 26)
    #expect(throws: CodecError.self) {
      try DecodeJob(options: options).run(folder("z.safetensors"), to: .file(folder("y.mp4")))
    }
  }
}

extension Tensor {
  fileprivate func mapped(_ body: (Float) -> Float) -> Tensor {
    Tensor(shape, values.map(body))
  }
}
