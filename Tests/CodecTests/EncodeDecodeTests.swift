import Foundation
import Media
import Testing

@testable import Codec

@Suite struct EncodeDecodeTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test func clipComesBackWithItsFramesRateAndSize() throws {
    let clip = folder("clip.mp4")
    try writeClip(clip, frames: 7, width: 70, height: 52)
    let encoded = try EncodeJob(model: try tiny(), options: EncodeOptions(), session: Session())
      .run(clip, to: .base(folder("clip")))
    #expect(encoded.output == folder("clip.latents.safetensors"))
    #expect(encoded.frames == 7)
    #expect(encoded.latents == [16, 3, 7, 9])
    #expect(encoded.fps == "24000/1001")
    let decoded = try DecodeJob(
      models: ModelCache(), options: DecodeOptions(), session: Session()
    ).run(encoded.output, to: .file(folder("back.mp4")))
    #expect((decoded.frames, decoded.width, decoded.height) == (7, 70, 52))
    let info = try probe(folder("back.mp4"))
    #expect((info.width, info.height, info.frameCount) == (70, 52, 7))
    #expect(info.frameRate == Rational(24000, over: 1001))
    #expect(try folder.names == ["back.mp4", "clip.latents.safetensors", "clip.mp4"])
  }
}
