import Codec
import Media
import Models
import Tensor
import Testing

@Suite struct ReadmeExample {
  /// The README's example, word for word.
  func example(video: Tensor) throws {
    let model = try LoadedModel(.tiny)

    // Files: a clip to latents and back.
    let encoded = try EncodeJob(model: model).run("clip.mp4", to: .file("clip.latents.safetensors"))
    let decoded = try DecodeJob().run(encoded.output, to: .file("back.mp4"))
    print(encoded.latents, decoded.frames, decoded.fps)

    // Tensors: [3, T, H, W] in [-1, 1] to the latents a diffusion model is given, and back.
    let latents = try model.autoencoder.encode(video).mode()
    let scaled = model.autoencoder.scaling.toDiffusion(latents)
    let back = try model.autoencoder.decode(model.autoencoder.scaling.fromDiffusion(scaled))
    print(scaled.shape, back.shape)
  }

  @Test func exampleRunsOnTensors() throws {
    let model = try LoadedModel(.tiny)
    let video = Tensor([3, 5, 32, 32], repeating: 0.25)
    let latents = try model.autoencoder.encode(video).mode()
    let back = try model.autoencoder.decode(latents)
    #expect(back.shape == video.shape)
  }
}
