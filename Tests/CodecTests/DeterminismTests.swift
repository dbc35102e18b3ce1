import Foundation
import Media
import Testing

@testable import Codec

/// Same in, same out: whatever the threads, the order and the day.
@Suite struct DeterminismTests {
  let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try writeClip(folder("a.mp4"), frames: 6, width: 48, height: 40)
    try writeClip(folder("b.mp4"), frames: 3, width: 40, height: 48)
  }

  private func encode(_ name: String, by model: LoadedModel, to output: String) throws -> Data {
    var options = EncodeOptions()
    options.posterior = .sample(seed: 3)
    return try bytes(
      of: EncodeJob(model: model, options: options)
        .run(folder(name), to: .file(folder(output))).output)
  }

  @Test func latentBytesDependOnNeitherThreadsNorOrder() throws {
    let one = try tiny(threads: 1)
    let a = try encode("a.mp4", by: one, to: "a1")
    let b = try encode("b.mp4", by: one, to: "b1")
    for threads in [2, 3] {
      let model = try tiny(threads: threads)
      #expect(try encode("b.mp4", by: model, to: "b\(threads)") == b)
      #expect(try encode("a.mp4", by: model, to: "a\(threads)") == a)
    }
  }

  @Test func videoBytesAreTheSameEachTime() throws {
    _ = try encode("a.mp4", by: try tiny(), to: "z.safetensors")
    for threads in [1, 2] {
      _ = try DecodeJob(models: ModelCache(ComputeOptions(threads: threads)))
        .run(folder("z.safetensors"), to: .file(folder("v\(threads).mp4")))
    }
    #expect(try bytes(of: folder("v1.mp4")) == bytes(of: folder("v2.mp4")))
  }
}
