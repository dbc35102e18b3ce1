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

  @Test func videoBytesDependOnNeitherThreadsNorOrder() throws {
    for name in ["a", "b"] {
      _ = try encode("\(name).mp4", by: try tiny(), to: "\(name).safetensors")
    }
    for (threads, order) in [(1, ["a", "b"]), (2, ["b", "a"]), (3, ["a", "b"])] {
      let job = DecodeJob(models: ModelCache(ComputeOptions(threads: threads)))
      for name in order {
        _ = try job.run(
          folder("\(name).safetensors"), to: .file(folder("\(name)\(threads).mp4")))
      }
    }
    for name in ["a", "b"] {
      for threads in [2, 3] {
        #expect(try bytes(of: folder("\(name)\(threads).mp4")) == bytes(of: folder("\(name)1.mp4")))
      }
    }
  }
}
