import Foundation
import Media

extension ClipMetrics {
  /// How many times the difference between a frame and its reconstruction is shown.
  static let amplification = 8

  /// The first, the worst and the last frame so far as small pictures for a report.
  ///
  /// - Parameter maximumWidth: wider frames are reduced by a whole factor.
  /// - Throws: the error of the PNG writer.
  public func pictures(maximumWidth: Int = 512) throws -> [Report.Picture] {
    var titles: [(pair: Pair, title: String)] = []
    let named =
      first?.index == last?.index
      ? [(first, "only")] : [(first, "first"), (worst, "worst"), (last, "last")]
    for (pair, title) in named {
      guard let pair else { continue }
      if let known = titles.firstIndex(where: { $0.pair.index == pair.index }) {
        titles[known].title += " and \(title)"
      } else {
        titles.append((pair, title))
      }
    }
    guard let figures else { return [] }
    return try titles.sorted { $0.pair.index < $1.pair.index }.map { pair, title in
      let factor = (pair.source.width + maximumWidth - 1) / maximumWidth
      let source = pair.source.reduced(by: factor)
      let reconstruction = pair.reconstruction.reduced(by: factor)
      let difference = pair.source.difference(from: pair.reconstruction).reduced(by: factor)
      return Report.Picture(
        title: title.prefix(1).uppercased() + title.dropFirst() + " frame", index: pair.index,
        psnr: figures.perFrame[pair.index].psnr, source: try source.png(),
        reconstruction: try reconstruction.png(), difference: try difference.png())
    }
  }
}

extension RGBFrame {
  /// The mean of every `factor`×`factor` pixels; what is left over right and below is dropped.
  fileprivate func reduced(by factor: Int) -> RGBFrame {
    guard factor > 1, height >= factor else { return self }
    let (columns, rows) = (width / factor, height / factor)
    let bytes = bytes
    let area = factor * factor
    var reduced: [UInt8] = []
    reduced.reserveCapacity(3 * columns * rows)
    for row in 0..<3 * rows {
      // The planes follow each other, each with its own left-over rows.
      let top = (row / rows * height + row % rows * factor) * width
      for column in 0..<columns {
        var sum = 0
        for y in 0..<factor {
          let start = top + y * width + column * factor
          for x in start..<start + factor { sum += Int(bytes[x]) }
        }
        reduced.append(UInt8((sum + area / 2) / area))
      }
    }
    return RGBFrame(width: columns, height: rows, samples: .eight(reduced))
  }

  /// The distance of every sample from that of `other`, amplified, black where they agree.
  fileprivate func difference(from other: RGBFrame) -> RGBFrame {
    let distances = zip(bytes, other.bytes).map {
      UInt8(min(abs(Int($0) - Int($1)) * ClipMetrics.amplification, 255))
    }
    return RGBFrame(width: width, height: height, samples: .eight(distances))
  }

  /// The picture as the bytes of a PNG file.
  fileprivate func png() throws -> Data {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "vaecodec-\(UUID().uuidString).png")
    defer { try? FileManager.default.removeItem(at: file) }
    let writer = try VideoWriter(
      path: file.path(percentEncoded: false), format: .png, width: width, height: height,
      frameRate: 1)
    try writer.write(self)
    try writer.finish()
    return try Data(contentsOf: file)
  }
}
