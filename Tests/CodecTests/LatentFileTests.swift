import Checkpoint
import Foundation
import Media
import Tensor
import Testing

@testable import Codec

@Suite struct LatentFileTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test func metadataComesBackAsItWas() throws {
    let video = testVideo(frames: 6, height: 20, width: 30)
    try writeSafetensors(folder("x.safetensors"), [("x", video), ("other", Tensor([2]))])
    var options = EncodeOptions()
    options.posterior = .sample(seed: 7)
    options.dtype = .bf16
    let result = try EncodeJob(model: try tiny(), options: options)
      .run(folder("x.safetensors"), to: .file(folder("z.safetensors")))
    let file = try LatentFile(result.output)
    let info = try #require(file.info)
    #expect(file.tensor.dtype == .bf16)
    #expect(file.tensor.shape == [16, 3, 3, 4])
    #expect(info.model == result.model)
    #expect(info.posterior == .sample(seed: 7))
    #expect((info.frames, info.width, info.height) == (6, 30, 20))
    #expect((info.paddedFrames, info.paddedWidth, info.paddedHeight) == (9, 32, 24))
    #expect((info.tileSize, info.tileFrames, info.tileOverlap) == (256, 32, 0.125))
    #expect(info.isScaled)
    #expect(try LatentInfo(info.metadata, path: "") == info)
    // A tensor has no chroma.
    let keys = LatentInfo.Key.allCases.filter { $0 != .layout }
    #expect(Set(info.metadata.keys) == Set(keys.map(\.rawValue)))
  }

  @Test func latentsAreWhatTheModelComputes() throws {
    let video = testVideo(frames: 5)
    try writeSafetensors(
      folder("x.safetensors"), [("video", video.reshaped([1, 3, 5, 32, 32]))])
    var options = EncodeOptions()
    options.dtype = .f32
    let model = try tiny()
    _ = try EncodeJob(model: model, options: options)
      .run(folder("x.safetensors"), to: .file(folder("z.safetensors")))
    let posterior = try model.autoencoder.encode(video)
    let expected = model.autoencoder.scaling.toDiffusion(posterior.mode())
    #expect(difference(try readTensor(folder("z.safetensors"), "latents"), expected) == 0)

    options.posterior = .moments
    _ = try EncodeJob(model: model, options: options)
      .run(folder("x.safetensors"), to: .file(folder("m.safetensors")))
    #expect(difference(try readTensor(folder("m.safetensors"), "mean"), posterior.mean) == 0)
    let logvar = try #require(posterior.logvar)
    #expect(difference(try readTensor(folder("m.safetensors"), "logvar"), logvar) == 0)

    for name in ["z", "m"] {
      _ = try DecodeJob().run(
        folder("\(name).safetensors"), to: .file(folder("\(name)-video.safetensors")))
    }
    let decoded = try model.autoencoder.decode(posterior.mean)
    for name in ["z", "m"] {
      let video = try readTensor(folder("\(name)-video.safetensors"), "video")
      #expect(difference(video, decoded) < 1e-4)
    }
  }

  @Test func latentsOfAnotherModelAreRefusedNamingBoth() throws {
    try writeSafetensors(folder("x.safetensors"), [("x", testVideo(frames: 1))])
    _ = try EncodeJob(model: try tiny())
      .run(folder("x.safetensors"), to: .file(folder("z.safetensors")))
    var metadata = try SafetensorsFile(path: folder("z.safetensors")).metadata
    let latents = try readTensor(folder("z.safetensors"), "latents")
    metadata["model_name"] = "large.safetensors"
    metadata["model_sha256"] = String(repeating: "ab", count: 32)
    try writeSafetensors(folder("other.safetensors"), [("latents", latents)], metadata: metadata)
    for model in [nil, ModelReference.tiny] {
      let error = #expect(throws: CodecError.self) {
        try DecodeJob(model: model).run(folder("other.safetensors"), to: .file(folder("v.mp4")))
      }
      #expect(error?.description.contains("large.safetensors") == true)
      #expect(model == nil || error?.description.contains("tiny") == true)
    }
    #expect(try !folder.names.contains("v.mp4"))
  }

  @Test(
    arguments: [
      ("frames", "12"), ("frames", "-1"), ("width", "0"), ("height", "400"), ("fps", "0"),
      ("fps", "1/0"), ("scale_factor", "nan"), ("format_version", "2"), ("scaled", "yes"),
      ("layout", "420"),
    ])
  func contradictionsAreRefused(key: String, value: String) throws {
    try writeSafetensors(folder("x.safetensors"), [("x", testVideo(frames: 1))])
    _ = try EncodeJob(model: try tiny())
      .run(folder("x.safetensors"), to: .file(folder("z.safetensors")))
    var metadata = try SafetensorsFile(path: folder("z.safetensors")).metadata
    metadata[key] = value
    try writeSafetensors(
      folder("bad.safetensors"), [("latents", try readTensor(folder("z.safetensors"), "latents"))],
      metadata: metadata)
    #expect(throws: CodecError.self) {
      try DecodeJob().run(folder("bad.safetensors"), to: .file(folder("v.png")))
    }
    #expect(try folder.names == ["bad.safetensors", "x.safetensors", "z.safetensors"])
  }

  @Test func valuesThatAreNotFiniteAreNamed() throws {
    var latents = Tensor([16, 2, 4, 5])
    latents.withMutableValues { $0[(3 * 2 + 1) * 20 + 2 * 5 + 4] = .nan }
    // The writer refuses such values; zeros are patched.
    try writeSafetensors(folder("z.safetensors"), [("latents", Tensor([16, 2, 4, 5]))])
    var data = try bytes(of: folder("z.safetensors"))
    let start = data.count - latents.count * 4
    latents.withValues { data.replaceSubrange(start..., with: UnsafeRawBufferPointer($0)) }
    try data.write(to: URL(fileURLWithPath: folder("z.safetensors")))
    let error = #expect(throws: CodecError.self) {
      try DecodeJob().run(folder("z.safetensors"), to: .file(folder("v.mp4")))
    }
    #expect(error?.reason.contains("'latents'") == true)
    #expect(error?.reason.contains("[3, 1, 2, 4]") == true)
    #expect(try folder.names == ["z.safetensors"])
  }

  @Test func valuesTooLargeForTheTypeAreRefused() throws {
    let spool = try TensorSpool(
      beside: folder("z"), channels: 1, height: 1, width: 2, dtype: .f16, in: TemporaryFiles())
    #expect(throws: CodecError.self) {
      try spool.append(Tensor([1, 1, 1, 2], [1, 70000]), named: "latents")
    }
  }
}
