/// How the reference cuts one axis, in samples (pixels or frames) and in latents.
///
/// Tiles of `size` samples start every `stride`; neighbours are blended over `latentBlend` latents
/// after encoding and over `blend` samples after decoding.
struct TileAxis: Hashable, Sendable {
  let size: Int
  let ratio: Int
  let overlap: Double

  var stride: Int { Int(Double(size) * (1 - overlap)) }
  var blend: Int { Int(Double(size) * overlap) }
  var latentSize: Int { size / ratio }
  var latentStride: Int { Int(Double(latentSize) * (1 - overlap)) }
  var latentBlend: Int { Int(Double(latentSize) * overlap) }

  /// Whether tiles and strides are whole latents and the parts kept add up to the whole: with any
  /// other numbers the reference returns a clip of another size.
  var isExact: Bool {
    size > 0 && size % ratio == 0 && stride > 0 && stride == ratio * latentStride
      && size - blend == stride && latentSize - latentBlend == latentStride
  }

  /// The encoder's cuts: samples in, latents out.
  var encoding: TileCut {
    TileCut(size: size, stride: stride, blend: latentBlend, kept: latentStride)
  }

  /// The decoder's cuts: latents in, samples out.
  var decoding: TileCut {
    TileCut(size: latentSize, stride: latentStride, blend: blend, kept: stride)
  }
}

/// One axis of the tile grid in the direction it is run: `size` and `stride` count inputs, `blend`
/// and `kept` count outputs.
struct TileCut: Hashable, Sendable {
  let size: Int
  let stride: Int
  let blend: Int
  let kept: Int
}

extension TileAxis {
  /// The axis, or an error that names the nearest numbers that work.
  /// - Parameters:
  ///   - minimum: the smallest `size` that works for other reasons.
  ///   - what: the number's name and unit in the message, as "tile size" and "pixels".
  static func checked(
    size: Int, ratio: Int, overlap: Double, minimum: Int, what: String, unit: String
  ) throws -> TileAxis {
    guard overlap >= 0, overlap <= 0.5 else {
      throw ModelError("tile overlap \(overlap): must be from 0 to 0.5; the usual one is 0.25")
    }
    guard size <= 1 << 24 else {
      throw ModelError("\(what) \(size): must be at most \(1 << 24) \(unit)")
    }
    let axis = TileAxis(size: size, ratio: ratio, overlap: overlap)
    guard size < minimum || !axis.isExact else { return axis }
    var advice: [String] = []
    if let size = nearestSize(to: size, ratio: ratio, overlap: overlap, minimum: minimum) {
      advice.append("\(what) \(size)")
    }
    if size >= minimum, size % ratio == 0,
      let overlap = nearestOverlap(to: overlap, size: size, ratio: ratio)
    {
      advice.append("tile overlap \(overlap)")
    }
    throw ModelError(
      "\(what) \(size) with tile overlap \(overlap): tiles must start and end on multiples of "
        + "\(ratio) \(unit); the nearest that works is \(advice.joined(separator: ", or "))")
  }

  private static func nearestSize(
    to size: Int, ratio: Int, overlap: Double, minimum: Int
  ) -> Int? {
    let limit = 4096 * ratio
    let latents = max(1, min(size, limit) / ratio)
    for distance in 0...4096 {
      for candidate in [latents - distance, latents + distance + 1] {
        let axis = TileAxis(size: candidate * ratio, ratio: ratio, overlap: overlap)
        if candidate > 0, axis.size >= minimum, axis.isExact { return axis.size }
      }
    }
    return nil
  }

  private static func nearestOverlap(to overlap: Double, size: Int, ratio: Int) -> Double? {
    let latents = size / ratio
    // Of two as near the larger, which hides more of the seams.
    return (0...latents / 2).reversed()
      .map { (Double($0) / Double(latents) * 10000).rounded() / 10000 }
      .filter { TileAxis(size: size, ratio: ratio, overlap: $0).isExact }
      .min { abs($0 - overlap) < abs($1 - overlap) }
  }
}
