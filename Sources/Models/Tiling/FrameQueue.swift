import Tensor

/// The end of a stream `[C, T, H, W]` that tiles still read, as the pieces it came in.
struct FrameQueue {
  /// `[C, n, H, W]` and the frame it begins at.
  private var pieces: [(start: Int, frames: Tensor)] = []
  /// Frames so far, those already dropped included.
  private(set) var count = 0

  let channels: Int
  let height: Int
  let width: Int

  init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Adds `[channels, n, height, width]` at the end.
  mutating func append(_ frames: Tensor) {
    guard frames.shape[1] > 0 else { return }
    pieces.append((count, frames))
    count += frames.shape[1]
  }

  /// Drops what lies wholly before `frame`; the last frame stays, as padding repeats it.
  mutating func drop(before frame: Int) {
    pieces.removeAll { min(frame, count - 1) >= $0.start + $0.frames.shape[1] }
  }

  /// A copy of one box of the stream. Indices past an end repeat what lies at the end.
  func window(frames: Range<Int>, rows: Range<Int>, columns: Range<Int>) -> Tensor {
    if let piece = pieces.last, frames == piece.start..<count, rows == 0..<height,
      columns == 0..<width
    {
      return piece.frames
    }
    return Tensor([channels, frames.count, rows.count, columns.count]) { target in
      guard let to = target.baseAddress else { return }
      for (t, frame) in frames.enumerated() {
        let frame = min(frame, count - 1)
        guard let piece = pieces.last(where: { $0.start <= frame }) else { continue }
        piece.frames.withValues { source in
          guard let from = source.baseAddress else { return }
          for c in 0..<channels {
            let plane = from + (c * piece.frames.shape[1] + frame - piece.start) * height * width
            for (y, row) in rows.enumerated() {
              let line = plane + min(row, height - 1) * width
              let out = to + ((c * frames.count + t) * rows.count + y) * columns.count
              let inside = max(0, min(columns.upperBound, width) - columns.lowerBound)
              out.initialize(from: line + columns.lowerBound, count: inside)
              (out + inside).initialize(repeating: line[width - 1], count: columns.count - inside)
            }
          }
        }
      }
    }
  }
}
