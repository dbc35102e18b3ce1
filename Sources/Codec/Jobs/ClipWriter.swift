import Media
import Tensor

/// Where a decoded clip goes: MP4, PNG, a tensor file, or YUV4MPEG2 on standard output.
///
/// Not thread-safe: one thread at a time.
final class ClipWriter {
  /// What the name of an output asks for.
  enum Kind: Hashable {
    case video(VideoFormat)
    case tensor

    /// - Throws: ``CodecError`` for another extension.
    init(path: String) throws {
      if path == "-" {
        self = .video(.y4m)
      } else if path.lowercased().hasSuffix(".safetensors") {
        self = .tensor
      } else if let format = VideoFormat(path: path) {
        self = .video(format)
      } else {
        throw CodecError(path, "cannot tell the format; use .mp4, .png, .y4m or .safetensors")
      }
    }
  }

  private enum Sink {
    case video(VideoWriter)
    case tensor(TensorSpool)
  }

  let path: String
  private let kind: Kind
  private let sink: Sink
  /// Nil for standard output.
  private let file: AtomicFile?
  private let frameRate: Rational
  private(set) var frames = 0

  /// - Parameters:
  ///   - frameCount: frames to come; a PNG takes exactly one.
  ///   - replacing: whether a file that exists is replaced.
  init(
    _ path: String, width: Int, height: Int, frameCount: Int?, frameRate: Rational,
    options: WriterOptions, replacing: Bool, session: Session
  ) throws {
    kind = try Kind(path: path)
    if kind == .video(.png), let frameCount, frameCount != 1 {
      throw CodecError(path, "a PNG holds one frame, the clip has \(frameCount); use .mp4")
    }
    self.path = path
    self.frameRate = frameRate
    file =
      path == "-" ? nil : try AtomicFile(path, replacing: replacing, in: session.temporaries)
    switch kind {
    case .tensor:
      sink = .tensor(
        try TensorSpool(
          beside: path, channels: 3, height: height, width: width, dtype: .f32,
          in: session.temporaries))
    case .video(let format):
      let file = file
      sink = .video(
        try Self.naming(path, insteadOf: file) {
          try VideoWriter(
            path: file?.temporaryPath ?? path, format: format, width: width, height: height,
            frameRate: frameRate, options: options)
        })
    }
  }

  /// Where the file is until ``commit()``; "-" for standard output.
  var temporaryPath: String { file?.temporaryPath ?? path }

  /// Lines for people; complete after ``finish(recipe:)``.
  var warnings: [String] {
    if case .video(let writer) = sink { writer.warnings } else { [] }
  }

  /// Appends `[3, n, height, width]`.
  func write(_ video: Tensor) throws {
    switch sink {
    case .tensor(let spool):
      try spool.append(video, named: "video")
      frames += video.shape[1]
    case .video:
      for frame in 0..<video.shape[1] { try write(RGBFrame(video, frame: frame, index: frames)) }
    }
  }

  /// Appends a picture; not to a tensor file.
  func write(_ frame: RGBFrame) throws {
    if case .video(let writer) = sink {
      try Self.naming(path, insteadOf: file) { try writer.write(frame) }
    }
    frames += 1
  }

  /// Completes the file, still under its temporary name.
  func finish(recipe: String?) throws {
    switch sink {
    case .video(let writer):
      try Self.naming(path, insteadOf: file) { try writer.finish() }
      if let file, let recipe {
        try Stamp(recipe).append(to: file.temporaryPath, named: path, kind)
      }
    case .tensor(let spool):
      guard let file else { return }
      var metadata = [
        "format": "vaecodec.video", "fps": "\(frameRate)",
        "program": "\(Program.name) \(Program.version)",
      ]
      metadata[Stamp.key] = recipe
      try TensorOutput.writeSafetensors(
        [("video", spool.shape, spool)], metadata: metadata, to: file)
    }
  }

  /// Gives the file its final name.
  ///
  /// - Returns: its size; 0 for standard output.
  func commit() throws -> Int {
    guard let file else { return 0 }
    try file.commit()
    return try File(reading: path).size()
  }

  /// Errors about the temporary file are about `path` to people.
  private static func naming<Result>(
    _ path: String, insteadOf file: AtomicFile?, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as MediaError where error.path == file?.temporaryPath {
      throw CodecError(
        path, error.operation.isEmpty ? error.reason : "\(error.operation): \(error.reason)")
    }
  }
}
