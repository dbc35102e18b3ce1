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
  /// - Parameter frames: nil where the length is unknown.
  /// - Throws: ``CodecError`` naming the need, the limit and tiles that would do.
  func tiles(
    _ choice: TilingChoice, width: Int, height: Int, frames: Int?, for works: Set<Work>
  ) throws -> Choice {
    let frames = frames ?? Self.unknownLength
    func need(_ options: TileOptions) throws -> Int {
      try bytes(options, width: width, height: height, frames: frames, works: works)
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
    var peak = 0
    if works.contains(.encoding) {
      peak = try model.planEncoding(width: width, height: height, frames: frames, tiles: options)
        .peakBytes
    }
    if works.contains(.decoding) {
      let plan = try model.planDecoding(
        width: width, height: height, frames: frames, tiles: options)
      peak = max(peak, plan.peakBytes)
    }
    // Two queues, and in libav and x264 a few dozen pictures in flight.
    let pictures = 2 * queueBytes(width: width, height: height) + 48 * 3 * width * height
    return peak + pictures + Self.overhead
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
