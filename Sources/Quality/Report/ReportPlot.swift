import Foundation

/// A figure over time as an SVG picture, one line for each model.
struct ReportPlot {
  /// One line: a value per frame, `nil` where there is none.
  struct Series {
    /// Which of the page's colours it has.
    var color: Int
    var values: [Double?]
    /// Frame to mark.
    var marked: Int?
  }

  /// What the values are, with their unit.
  var title: String
  var series: [Series]
  /// What the time axis says: seconds where the rate is known.
  var framesPerSecond: Double
  /// Digits of the labels after the point, at least.
  var digits: Int

  private let width = 560.0
  private let height = 250.0
  private let left = 62.0
  private let right = 14.0
  private let top = 12.0
  private let bottom = 40.0

  /// Points drawn of a long clip; each is then the lowest value of its share of frames.
  private static let mostPoints = 600

  /// The picture, empty where no frame has a value.
  func svg() -> String {
    let values = series.flatMap { $0.values.compactMap { $0 } }
    guard let low = values.min(), let high = values.max() else { return "" }
    let ticks = Self.ticks(low, high, about: 5)
    let scale = (ticks[0], ticks[ticks.count - 1])
    let frames = series.map(\.values.count).max() ?? 1
    let seconds = Double(max(frames - 1, 1)) / framesPerSecond
    var parts: [String] = []
    let labelDigits = max(digits, Self.digits(step: ticks[1] - ticks[0]))
    for tick in ticks {
      let y = position(tick, in: scale)
      parts.append(#"<line class="grid" x1="\#(left)" x2="\#(width - right)" \#(ys(y))/>"#)
      parts.append(
        text(HTMLText.number(tick, digits: labelDigits), x: left - 8, y: y, "end", "0.35em"))
    }
    let timeTicks = Self.ticks(0, seconds, about: 5).filter { $0 <= seconds * 1.0001 }
    for tick in timeTicks {
      let x = left + (width - left - right) * tick / seconds
      let step = timeTicks.count > 1 ? timeTicks[1] : 1
      let label = HTMLText.number(tick, digits: Self.digits(step: step))
      let unit = tick == 0 ? " s" : ""
      parts.append(text(label + unit, x: x, y: height - bottom, "middle", "1.6em"))
    }
    for line in series {
      parts.append(polyline(line, frames: frames, scale))
    }
    return """
      <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\
      \(HTMLText.escaped(title)) over time">\(parts.joined())</svg>
      """
  }

  private func polyline(_ line: Series, frames: Int, _ scale: (Double, Double)) -> String {
    let share = max((line.values.count + Self.mostPoints - 1) / Self.mostPoints, 1)
    var points: [(x: Double, y: Double)] = []
    for start in stride(from: 0, to: line.values.count, by: share) {
      let range = start..<min(start + share, line.values.count)
      let lowest = range.lazy.compactMap { i in line.values[i].map { (i, $0) } }.min { $0.1 < $1.1 }
      guard let (index, value) = lowest else { continue }
      points.append((x(index, of: frames), position(value, in: scale)))
    }
    let list = points.map { String(format: "%.1f,%.1f", $0.x, $0.y) }.joined(separator: " ")
    var result = #"<polyline class="line c\#(line.color)" points="\#(list)"/>"#
    let single = points.count == 1 ? 0 : nil
    if let marked = line.marked ?? single, let value = line.values[marked] {
      let (x, y) = (x(marked, of: frames), position(value, in: scale))
      let place = String(format: #"cx="%.1f" cy="%.1f" r="4""#, x, y)
      let label = "frame \(marked): \(HTMLText.number(value, digits: digits + 2))"
      result += #"<circle class="mark c\#(line.color)" \#(place)><title>\#(label)</title></circle>"#
    }
    return result
  }

  private func x(_ frame: Int, of frames: Int) -> Double {
    left + (width - left - right) * Double(frame) / Double(max(frames - 1, 1))
  }

  private func position(_ value: Double, in scale: (low: Double, high: Double)) -> Double {
    top + (height - top - bottom) * (scale.high - value) / (scale.high - scale.low)
  }

  private func ys(_ y: Double) -> String { String(format: #"y1="%.1f" y2="%.1f""#, y, y) }

  private func text(_ text: String, x: Double, y: Double, _ anchor: String, _ dy: String) -> String
  {
    String(format: #"<text x="%.1f" y="%.1f" "#, x, y)
      + #"dy="\#(dy)" text-anchor="\#(anchor)">\#(text)</text>"#
  }

  /// Round numbers from at or below `low` to at or above `high`, at least two.
  static func ticks(_ low: Double, _ high: Double, about count: Int) -> [Double] {
    let span = max(high - low, abs(high) * 1e-3, 1e-4)
    let rough = span / Double(count)
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5].first { rough <= $0 * power * 1.0001 } ?? 10) * power
    let first = floor(low / step + 1e-9)
    let last = max(ceil(high / step - 1e-9), first + 1)
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  /// Digits after the point that tell multiples of `step` apart.
  private static func digits(step: Double) -> Int {
    max(0, Int(-floor(log10(step) + 1e-9)))
  }
}
