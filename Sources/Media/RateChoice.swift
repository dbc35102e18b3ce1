/// Chooses the constant rate that a source is read at.
///
/// A rate fits when every frame lies nearest to its own point of the constant grid, so that each
/// frame is taken once. Of those that fit, the container's average and nominal rate and the usual
/// rate next to them, an exact one wins, then a usual one. When none fits, the rate is variable:
/// the grid is that of the typical frame interval (a usual rate when within 1%), and the nearest
/// frame is shown at each point, so that the clip keeps its length.
enum RateChoice {
  /// Rates that cameras and editors use.
  private static let usual: [Rational] =
    ([24, 25, 30, 48, 50, 60, 100, 120, 15, 12, 10, 240] as [Int]).map { Rational($0) }
    + [24, 30, 48, 60, 120, 240].compactMap { Rational($0 * 1000, over: 1001) }

  /// - Parameters:
  ///   - average, nominal: the container's word, if any.
  ///   - hasGaps: frames are known to be missing, so that points of the grid may stay empty.
  static func timing(
    _ timeline: Timeline, average: Rational?, nominal: Rational?, hasGaps: Bool
  ) -> (timing: Timing, isVariable: Bool) {
    let start = Rational(Int(timeline.times.first ?? 0)) * timeline.unit
    let declared = average ?? nominal ?? 25
    guard timeline.times.count > 1 else {
      let count = timeline.pictures
      return (Timing(rate: declared, isResampled: false, count: count, start: start), false)
    }
    let typical = typicalRate(timeline)
    var candidates = [average, nominal, typical].compactMap { $0 }
    candidates += candidates.compactMap(nearestUsual)
    let fitting = candidates.map { (rate: $0, error: deviation(timeline, $0, hasGaps: hasGaps)) }
      .filter { $0.error < (hasGaps ? 0.25 : 0.5) }
    let tick = { (rate: Rational) in (timeline.unit * rate).value }
    let precise = fitting.filter { $0.error <= tick($0.rate) * 1.01 }
    let exact = fitting.filter { $0.error < 1e-6 }
    func best(_ list: [(rate: Rational, error: Double)]) -> Rational? {
      (list.first { usual.contains($0.rate) } ?? list.first)?.rate
    }
    if let rate = best(exact) ?? best(precise) ?? best(fitting) {
      let span = timeline.times.last.map { (timeline.seconds($0) * rate).rounded + 1 } ?? 0
      let count = hasGaps ? span : timeline.times.count
      let timing = Timing(rate: rate, isResampled: false, count: count, start: start)
      return (timing, precise.isEmpty && exact.isEmpty)
    }
    let rate = nearestUsual(typical) ?? typical
    guard timeline.isComplete else {
      let timing = Timing(
        rate: rate, isResampled: false, count: timeline.pictures, start: start)
      return (timing, true)
    }
    let length = gridLength(timeline, rate)
    return (Timing(rate: rate, isResampled: true, count: length, start: start), true)
  }

  /// Largest distance of a frame from its point of the grid, in frames.
  private static func deviation(
    _ timeline: Timeline, _ rate: Rational, hasGaps: Bool
  ) -> Double {
    let first = timeline.times.first ?? 0
    let perUnit = timeline.unit.value * rate.value
    return timeline.times.indices.reduce(0) { worst, i in
      let position = Double(timeline.times[i] - first) * perUnit
      return max(worst, abs(position - (hasGaps ? position.rounded() : Double(i))))
    }
  }

  /// One over the mean of the intervals that are near the median one.
  private static func typicalRate(_ timeline: Timeline) -> Rational {
    let times = timeline.times
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.filter { $0 > 0 }.sorted()
    guard !gaps.isEmpty else { return 25 }
    let median = gaps[gaps.count / 2]
    let near = gaps.filter { abs($0 - median) <= median / 4 + 1 }
    let sum = near.reduce(0, +)
    let interval = Rational(Int(sum)) * timeline.unit / Rational(near.count)
    return interval.reciprocal.shortened
  }

  private static func nearestUsual(_ rate: Rational) -> Rational? {
    let nearest = usual.min { abs($0.value - rate.value) < abs($1.value - rate.value) }
    return nearest.flatMap { abs($0.value / rate.value - 1) < 0.01 ? $0 : nil }
  }

  private static func gridLength(_ timeline: Timeline, _ rate: Rational) -> Int {
    guard let last = timeline.times.last else { return 0 }
    let shown =
      timeline.lastDuration > 0
      ? Rational(Int(timeline.lastDuration)) * timeline.unit : rate.reciprocal
    return max(1, ((timeline.seconds(last) + shown) * rate).rounded)
  }
}

extension Rational {
  /// The nearest fraction with numerator and denominator below 2³¹.
  var shortened: Rational { Rational(known: av) ?? self }
}
