import Foundation
import Media
import Tensor
import Testing

@testable import Codec

@Suite struct RoundTripTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test func everyFrameIsSeenBesideItsReconstruction() throws {
    try writeClip(folder("clip.mp4"), frames: 7, width: 40, height: 36)
    let notes = Notes()
    let result = try RoundTripJob(model: try tiny(), session: notes.session)
      .run(folder("clip.mp4"), name: "sub/clip", in: folder("out")) { FrameCounter() }
    #expect(result.frames == 7)
    #expect(result.latents == [16, 3, 5, 5])
    #expect(result.latentBytes == 16 * 3 * 5 * 5 * 2)
    let counted = try JSONDecoder().decode([Int].self, from: result.figures)
    #expect(counted[0] == 7)
    #expect(counted[1] == 3)
    #expect(counted[2] < 40, "the reconstruction has nothing to do with its source")
    #expect(
      try folder.names.filter { $0.contains(".") } == [
        "clip.mp4", "out/figures/sub/clip.json", "out/orig/sub/clip_orig.mp4",
        "out/recn/sub/clip_recn.mp4",
      ])
    #expect(try probe(result.reconstruction).frameRate == Rational(24000, over: 1001))
    #expect(notes.progress.last == Progress(item: folder("clip.mp4"), done: 7, total: 7))
  }

  @Test func aPictureStaysAPicture() throws {
    let writer = try VideoWriter(
      path: folder("p.png"), format: .png, width: 24, height: 24, frameRate: 1)
    try writer.write(testFrame(0, width: 24, height: 24))
    try writer.finish()
    let result = try RoundTripJob(model: try tiny())
      .run(folder("p.png"), name: "p", in: folder("out")) { FrameCounter() }
    #expect(result.frames == 1)
    #expect(result.reconstruction == folder("out/recn/p_recn.png"))
  }

  @Test func observersErrorLeavesNothing() throws {
    final class Refusal: RoundTripObserver {
      func compare(source: RGBFrame, reconstruction: RGBFrame) throws {
        throw CodecError("observer", "refuses")
      }
      func observe(mean: Tensor, logvar: Tensor?) throws {}
      func finish(_ written: WrittenRoundTrip) throws -> Data { Data() }
    }
    try writeClip(folder("clip.mp4"), frames: 2, width: 32, height: 32)
    let error = #expect(throws: CodecError.self) {
      try RoundTripJob(model: try tiny())
        .run(folder("clip.mp4"), name: "clip", in: folder("out")) { Refusal() }
    }
    #expect(error?.path == "observer")
    #expect(try folder.names == ["clip.mp4"])
  }
}
