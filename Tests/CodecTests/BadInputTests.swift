import Foundation
import Media
import Tensor
import Testing

@testable import Codec

/// One line that names the file, and nothing left behind.
@Suite struct BadInputTests {
  let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func expectLine(naming path: String, _ work: () throws -> Void) throws {
    let before = try folder.names
    let error = #expect(throws: (any Error).self) { try work() }
    let line = error.map { "\($0)" } ?? ""
    #expect(line.hasPrefix(path), "\(line)")
    #expect(!line.contains("\n"))
    #expect(try folder.names == before)
  }

  @Test func inputsThatAreNoClips() throws {
    try Data().write(to: URL(fileURLWithPath: folder("empty.mp4")))
    try Data("text".utf8).write(to: URL(fileURLWithPath: folder("text.mp4")))
    try writeSafetensors(folder("flat.safetensors"), [("x", Tensor([3, 4]))])
    try writeSafetensors(folder("grey.safetensors"), [("x", Tensor([1, 2, 8, 8]))])
    try writeSafetensors(folder("other.safetensors"), [("y", Tensor([3, 1, 8, 8]))])
    let model = try tiny()
    for name in [
      "missing.mp4", "empty.mp4", "text.mp4", "flat.safetensors", "grey.safetensors",
      "other.safetensors",
    ] {
      try expectLine(naming: folder(name)) {
        _ = try EncodeJob(model: model).run(folder(name), to: .file(folder("z.safetensors")))
      }
    }
  }

  @Test func inputsThatAreNoLatents() throws {
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder("short.safetensors")))
    try writeSafetensors(folder("flat.safetensors"), [("latents", Tensor([3, 4]))])
    try writeSafetensors(folder("narrow.safetensors"), [("latents", Tensor([4, 1, 8, 8]))])
    try writeClip(folder("clip.mp4"), frames: 1)
    for name in [
      "missing.safetensors", "short.safetensors", "flat.safetensors", "narrow.safetensors",
      "clip.mp4",
    ] {
      try expectLine(naming: folder(name)) {
        _ = try DecodeJob().run(folder(name), to: .file(folder("v.mp4")))
      }
    }
  }

  @Test func modelsThatAreNone() throws {
    try Data("text".utf8).write(to: URL(fileURLWithPath: folder("text.safetensors")))
    for name in ["huge", folder("text.safetensors")] {
      try expectLine(naming: name) { _ = try LoadedModel(ModelReference(name)) }
    }
    let configuration = folder("none.json")
    try expectLine(naming: configuration) {
      _ = try LoadedModel(ModelReference("tiny", configuration: configuration))
    }
  }

  @Test func outputsThatCannotBe() throws {
    try writeClip(folder("clip.mp4"), frames: 2, width: 32, height: 32)
    let model = try tiny()
    _ = try EncodeJob(model: model).run(folder("clip.mp4"), to: .file(folder("z.safetensors")))
    for name in ["no/v.mp4", "v.png", "v.mkv", "z.safetensors"] {
      try expectLine(naming: folder(name)) {
        var options = DecodeOptions()
        options.existing = .overwrite
        _ = try DecodeJob(options: options).run(folder("z.safetensors"), to: .file(folder(name)))
      }
    }
    try expectLine(naming: "standard input or output") {
      _ = try EncodeJob(model: model).run(folder("clip.mp4"), to: .file("-"))
    }
    var options = EncodeOptions()
    options.format = .musubi
    options.posterior = .moments
    try expectLine(naming: "musubi") {
      _ = try EncodeJob(model: model, options: options)
        .run(folder("clip.mp4"), to: .base(folder("x")))
    }
  }

  /// Latents that are numbers, but overflow the first layer's sums on any engine.
  @Test func picturesThatAreNotFiniteAreNamed() throws {
    try writeSafetensors(
      folder("z.safetensors"),
      [("latents", Tensor([16, 1, 2, 2], repeating: .greatestFiniteMagnitude))])
    try expectLine(naming: folder("z.safetensors")) {
      do {
        _ = try DecodeJob().run(folder("z.safetensors"), to: .file(folder("v.png")))
      } catch {
        #expect("\(error)".contains("the value at [0, 0, 0, 0] is "), "\(error)")
        throw error
      }
    }
  }

  @Test func valuesThatAreNotFiniteAreNamed() throws {
    try writeSafetensors(folder("x.safetensors"), [("x", Tensor([3, 1, 16, 16]))])
    var data = try bytes(of: folder("x.safetensors"))
    withUnsafeBytes(of: Float.infinity) { data.replaceSubrange((data.count - 4)..., with: $0) }
    try data.write(to: URL(fileURLWithPath: folder("x.safetensors")))
    try expectLine(naming: folder("x.safetensors")) {
      do {
        _ = try EncodeJob(model: try tiny())
          .run(folder("x.safetensors"), to: .file(folder("z.safetensors")))
      } catch {
        #expect("\(error)".contains("[2, 0, 15, 15]"))
        throw error
      }
    }
  }
}
