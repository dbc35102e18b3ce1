/// Cuts a stream along time as the reference cuts a whole clip, as soon as enough of it is there.
struct TemporalTiles {
  /// One stretch to be computed as a whole.
  struct Tile: Hashable {
    var range: Range<Int>
    /// Output frames to drop at the front: those the tile before stands for.
    var dropped: Int
    /// Output frames to keep after that; nil keeps all.
    var kept: Int?
  }

  /// nil: the clip is one tile.
  let cut: TileCut?
  /// Inputs that a causal tile holds beyond its size: its first one only lends context.
  let lead: Int
  /// Whether an input left alone at the end joins the tile before: alone it would decode to a
  /// single frame.
  let joinsLoneTail: Bool
  private var start = 0
  private var isDone = false

  init(cut: TileCut?, lead: Int, joinsLoneTail: Bool) {
    self.cut = cut
    self.lead = lead
    self.joinsLoneTail = joinsLoneTail
  }

  /// The first input that is still needed.
  var firstNeeded: Int { start }

  /// The next tile, or nil until more inputs are there.
  /// - Parameters:
  ///   - available: inputs so far, from the start of the stream.
  ///   - ended: whether these are all.
  mutating func next(available: Int, ended: Bool) -> Tile? {
    guard !isDone, available > 0 else { return nil }
    guard let cut else { return ended ? finish(0..<available) : nil }
    if !ended {
      // Enough to know that the clip is longer than one tile and that no lone input follows.
      let needed = max(cut.size + max(lead, 1), joinsLoneTail ? cut.stride + 2 : 0)
      guard available >= start + needed else { return nil }
    } else if start == 0, available <= cut.size {
      return finish(0..<available)
    }
    let range = start..<min(start + cut.size + lead, available)
    let isFirst = start == 0
    if ended, joinsLoneTail, available == start + cut.stride + 1 {
      return finish(start..<available)
    }
    guard range.count > (isFirst ? 0 : lead) else {
      isDone = true
      return nil
    }
    start += cut.stride
    isDone = ended && start >= available
    return Tile(
      range: range, dropped: isFirst ? 0 : lead, kept: cut.kept + (isFirst ? lead : 0))
  }

  private mutating func finish(_ range: Range<Int>) -> Tile {
    isDone = true
    return Tile(range: range, dropped: range.lowerBound == 0 ? 0 : lead, kept: nil)
  }
}
