import Media
import Models
import Tensor
import Testing

@testable import Codec

/// Inputs that fuzzing found.
@Suite struct HostileLatentTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test(arguments: ["latent_tensor", "samples"])
  func valuesThatScalingMakesInfiniteAreRefused(_ name: String) throws {
    let path = folder("x.safetensors")
    try writeSafetensors(path, [(name, Tensor([1, 16, 1, 1, 1], repeating: 3e38))])
    let clip = try LatentClip(
      LatentFile(path), geometry: ModelConfiguration.published(.hunyuanVAE).geometry,
      scaling: .multiply(scale: 0.1, shift: 0), DecodeOptions()
    ) { _ in }
    #expect(throws: CodecError.self) { try clip.latents(0..<1) }
  }

  @Test func namesOfTensorsStayOnOneLine() throws {
    let path = folder("x.safetensors")
    try writeSafetensors(path, [("a\n\u{1b}[2Jb", Tensor([2]))])
    let error = #expect(throws: CodecError.self) { try LatentFile(path) }
    #expect(error?.description.contains { $0 == "\n" || $0 == "\u{1b}" } == false)
  }
}
