import Foundation
import Media
import Tensor
import Testing

@testable import Codec

/// A second run leaves alone what the first one finished, and touches nothing that differs.
@Suite struct ResumeTests {
  let folder: TestFolder
  let model: LoadedModel

  init() throws {
    folder = try TestFolder()
    model = try tiny()
    try writeClip(folder("clip.mp4"), frames: 2, width: 32, height: 32)
  }

  private func encode(
    _ existing: ExistingOutput, change: (inout EncodeOptions) -> Void = { _ in }
  ) throws -> EncodeResult {
    var options = EncodeOptions()
    options.existing = existing
    change(&options)
    return try EncodeJob(model: model, options: options)
      .run(folder("clip.mp4"), to: .file(folder("z.safetensors")))
  }

  private func decode(
    _ existing: ExistingOutput, to name: String, crf: Int = 23
  ) throws -> DecodeResult {
    var options = DecodeOptions()
    options.existing = existing
    options.crf = crf
    return try DecodeJob(options: options).run(folder("z.safetensors"), to: .file(folder(name)))
  }

  @Test func encodingIsResumed() throws {
    let first = try encode(.resume)
    #expect(!first.isSkipped)
    let before = try bytes(of: first.output)
    var second = try encode(.resume)
    #expect(second.isSkipped)
    (second.isSkipped, second.seconds) = (false, first.seconds)
    #expect(second == first)
    #expect(throws: CodecError.self) { try encode(.refuse) }
    #expect(throws: CodecError.self) { try encode(.resume) { $0.dtype = .f32 } }
    #expect(throws: CodecError.self) { try encode(.resume) { $0.reader.frames = 1 } }
    #expect(try bytes(of: first.output) == before)
    #expect(try encode(.overwrite) { $0.dtype = .f32 }.dtype == "F32")
  }

  @Test func anotherSourceOfTheSameNameIsNotSkipped() throws {
    _ = try encode(.resume)
    try FileManager.default.removeItem(atPath: folder("clip.mp4"))
    try writeClip(folder("clip.mp4"), frames: 3, width: 32, height: 32)
    #expect(throws: CodecError.self) { try encode(.resume) }
  }

  @Test(arguments: ["v.mp4", "v.safetensors", "v.png"])
  func decodingIsResumed(_ name: String) throws {
    _ = try encode(.overwrite) { if name == "v.png" { $0.reader.frames = 1 } }
    #expect(try !decode(.resume, to: name).isSkipped)
    let before = try bytes(of: folder(name))
    #expect(try decode(.resume, to: name).isSkipped)
    #expect(throws: CodecError.self) { try decode(.resume, to: name, crf: 30) }
    #expect(throws: CodecError.self) { try decode(.refuse, to: name) }
    #expect(try bytes(of: folder(name)) == before)
    if name != "v.safetensors" {
      // The stamp bothers no reader.
      #expect(try probe(folder(name)).width == 32)
      // A file that lost its end is not taken for a finished one.
      try before.dropLast(40).write(to: URL(fileURLWithPath: folder(name)))
      #expect(throws: CodecError.self) { try decode(.resume, to: name) }
    }
  }

  @Test func roundTripsAreResumed() throws {
    var options = RoundTripOptions()
    options.existing = .resume
    func run() throws -> RoundTripResult {
      try RoundTripJob(model: model, options: options)
        .run(folder("clip.mp4"), name: "clip", in: folder("out")) { FrameCounter() }
    }
    let first = try run()
    #expect(!first.isSkipped)
    let second = try run()
    #expect(second.isSkipped)
    #expect(second.figures == first.figures)
    // Figures come last: without them the clips are made again.
    try FileManager.default.removeItem(atPath: folder("out/figures/clip.json"))
    #expect(try !run().isSkipped)
    options.crf = 30
    #expect(throws: CodecError.self) { try run() }
  }
}

/// Counts the pairs it is shown.
final class FrameCounter: RoundTripObserver {
  private var pairs = 0
  private var latentFrames = 0
  private var largest = 0

  func compare(source: RGBFrame, reconstruction: RGBFrame) throws {
    pairs += 1
    let errors = zip(source.bytes, reconstruction.bytes).map { abs(Int($0) - Int($1)) }
    largest = max(largest, errors.reduce(0, +) / errors.count)
  }

  func observe(mean: Tensor, logvar: Tensor?) throws { latentFrames += mean.shape[1] }

  func finish(_ written: WrittenRoundTrip) throws -> Data {
    for path in [written.original, written.reconstruction] {
      guard try probe(path).frameCount == pairs else { throw CodecError(path, "not whole") }
    }
    return try JSONEncoder().encode([pairs, latentFrames, largest])
  }
}
