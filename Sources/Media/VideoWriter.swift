/// Writes RGB frames as H.264 in MP4, as a PNG, or as YUV4MPEG2.
///
/// Not thread-safe: one thread at a time. The file is whole only after ``finish()``; the caller
/// gives a temporary path and renames.
public final class VideoWriter {
  private let writer: any FrameWriter
  private let path: String
  private let size: FrameSize

  /// Remarks for people, each one line. Complete after ``finish()``.
  public var warnings: [String] { writer.warnings }

  /// Creates the file.
  ///
  /// - Parameters:
  ///   - path: a file, or "-" for standard output (Y4M only).
  ///   - width: columns of the frames; an MP4 of an odd number gets one more, repeating the last.
  ///   - height: rows of the frames; likewise.
  ///   - frameRate: exact; what the MP4 track reports.
  /// - Throws: ``MediaError`` when the file, the encoder or the sound cannot be had.
  public init(
    path: String, format: VideoFormat, width: Int, height: Int, frameRate: Rational,
    options: WriterOptions = WriterOptions()
  ) throws {
    self.path = path
    size = FrameSize(width: width, height: height)
    guard (1...65535).contains(width), (1...65535).contains(height), frameRate > 0 else {
      throw MediaError(
        path, "cannot write", reason: "\(width)x\(height) at \(frameRate) is no size and rate")
    }
    guard path != "-" || format == .y4m else {
      throw MediaError(path, "cannot write", reason: "only Y4M goes to standard output")
    }
    writer =
      switch format {
      case .mp4: try MP4Writer(path: path, size: size, frameRate: frameRate, options: options)
      case .png: try PNGWriter(path: path, size: size)
      case .y4m:
        try Y4MWriter(path: path, size: size, frameRate: frameRate, layout: options.layout)
      }
  }

  /// Appends a frame of the size given at the start.
  public func write(_ frame: RGBFrame) throws {
    guard frame.width == size.width, frame.height == size.height else {
      throw MediaError(
        path, "cannot write",
        reason:
          "a frame of \(frame.width)x\(frame.height) in a file of \(size.width)x\(size.height)")
    }
    try writer.write(frame)
  }

  /// Encodes what is pending and closes the file; every result is checked, also the last.
  public func finish() throws { try writer.finish() }
}

/// One kind of output file.
protocol FrameWriter: AnyObject {
  var warnings: [String] { get }
  func write(_ frame: RGBFrame) throws
  func finish() throws
}
