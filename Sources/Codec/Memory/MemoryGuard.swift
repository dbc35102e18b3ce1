import Models
import NN

/// Makes sure before the work starts that it fits into memory.
struct MemoryGuard {
  enum Work: Hashable {
    case encoding
    case decoding
  }

  /// Tiles to use, and their size where it was chosen here.
  struct Choice {
    var options: TileOptions
    var automaticSize: Int?
  }

  /// Frames that a stream of unknown length is taken for.
  private static let unknownLength = 257
  /// What the program and its libraries take beside models and frames.
  private static let overhead = 96 << 20
  /// Tile sizes to fall back on, largest first.
  private static let sizes = [1024, 768, 512, 384, 256, 192, 128, 96, 64, 32]
  /// Tile lengths to fall back on, largest first; nil keeps the model's.
  private static let lengths: [Int?] = [nil, 32, 16, 8]

  let model: VideoAutoencoder
  /// The clip, for messages.
  let path: String
  /// Nil: nothing tells how much there is.
  let limit: MemoryLimit?

  init(model: VideoAutoencoder, path: String, limit: MemoryLimit? = .current()) {
    self.model = model
    self.path = path
    self.limit = limit
  }

  /// The tiles to do `works` with: those that were asked for where they fit, smaller ones where the
  /// choice is free.
  ///
  /// - Parameters:
  ///   - frames: nil where the length is unknown.
  ///   - readers: number of videos that are read meanwhile.
  ///   - writers: number of videos that are written meanwhile.
  /// - Throws: ``CodecError`` naming the need, the limit and tiles that would do.
  func tiles(
    _ choice: TilingChoice, width: Int, height: Int, frames: Int?, for works: Set<Work>,
    readers: Int = 0, writers: Int = 0
  ) throws -> Choice {
    let frames = frames ?? Self.unknownLength
    let media = Self.mediaBytes(
      width: width, height: height, frames: frames, readers: readers, writers: writers)
    func need(_ options: TileOptions) throws -> Int {
      try bytes(options, width: width, height: height, frames: frames, works: works)
        + media + Self.overhead
    }
    let asked = try need(choice.options)
    guard let limit, asked > limit.available else { return Choice(options: choice.options) }
    let smaller = try smallerTiles(choice.options, below: max(width, height), limit: limit, need)
    guard choice.automatic, let smaller else {
      let advice = advice(smaller, canResize: works.contains(.encoding))
      throw CodecError(
        path,
        "\(width)x\(height) needs about \(gigabytes(asked)) of memory, \(limit.source) has "
          + "\(gigabytes(limit.available)) left; \(advice)")
    }
    return Choice(options: smaller, automaticSize: smaller.size)
  }

  private func bytes(
    _ options: TileOptions, width: Int, height: Int, frames: Int, works: Set<Work>
  ) throws -> Int {
    var plans: [RunPlan] = []
    if works.contains(.encoding) {
      plans.append(
        try model.planEncoding(width: width, height: height, frames: frames, tiles: options))
    }
    if works.contains(.decoding) {
      plans.append(
        try model.planDecoding(width: width, height: height, frames: frames, tiles: options))
    }
    // Two streams take turns with the model, but each holds its frames all the time.
    return (plans.map { $0.peakBytes - $0.frameBytes }.max() ?? 0)
      + plans.reduce(0) { $0 + $1.frameBytes }
  }

  /// What reading and writing take: the queues to and from the model, the pictures that a decoder
  /// keeps (at most 16, and a few on their way, of 16 bits), and those in x264 with all it knows of
  /// them: its lookahead is 40 pictures long, and 1.6 GiB were measured at 3840x2160.
  private static func mediaBytes(
    width: Int, height: Int, frames: Int, readers: Int, writers: Int
  ) -> Int {
    let inReader = min(frames, 20) * 3
    let inWriter = (min(frames, 50) + 16) * 3
    return (readers + writers) * queueBytes(width: width, height: height)
      + (readers * inReader + writers * inWriter) * width * height
  }

  /// The largest tiles of the list that fit; nil where none do or the family knows no tiles.
  private func smallerTiles(
    _ options: TileOptions, below side: Int, limit: MemoryLimit,
    _ need: (TileOptions) throws -> Int
  ) throws -> TileOptions? {
    guard try model.tileGeometry(options).isAvailable else { return nil }
    let current = try model.tileGeometry(options).size ?? side
    for frames in Self.lengths {
      for size in Self.sizes where size < current {
        var smaller = options
        smaller.enabled = nil
        smaller.size = size
        smaller.frames = frames ?? options.frames
        // A size that the model's overlap does not go with is no candidate.
        guard let bytes = try? need(smaller) else { continue }
        if bytes <= limit.available { return smaller }
      }
    }
    return nil
  }

  private func advice(_ smaller: TileOptions?, canResize: Bool) -> String {
    guard let smaller else {
      return canResize ? "a smaller --size would do" : "no tiles are small enough for that"
    }
    let frames = smaller.frames.map { " --tile-frames \($0)" } ?? ""
    return "--tile-size \(smaller.size ?? 0)\(frames) fits, --auto-tile chooses it"
  }

  private func gigabytes(_ bytes: Int) -> String {
    let tenths = Int((Double(bytes) / Double(1 << 30) * 10).rounded(.up))
    return "\(tenths / 10).\(tenths % 10) GiB"
  }
}
