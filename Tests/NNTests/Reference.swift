import Foundation
import NN
import Tensor

/// Straightforward versions of the layers, in double, over `[C, T, H, W]` tensors.
enum Reference {
  struct Axes {
    var t, h, w: Int
    init(_ t: Int, _ h: Int, _ w: Int) { (self.t, self.h, self.w) = (t, h, w) }
  }

  /// Values of a clip with index arithmetic.
  struct Clip {
    let channels, frames, height, width: Int
    var values: [Double]

    init(_ channels: Int, _ frames: Int, _ height: Int, _ width: Int) {
      (self.channels, self.frames, self.height, self.width) = (channels, frames, height, width)
      values = Array(repeating: 0, count: channels * frames * height * width)
    }

    init(_ x: Tensor) {
      self.init(x.shape[0], x.shape[1], x.shape[2], x.shape[3])
      values = x.values.map(Double.init)
    }

    var tensor: Tensor { Tensor([channels, frames, height, width], values.map { Float($0) }) }
    var positions: Int { frames * height * width }

    subscript(_ c: Int, _ t: Int, _ h: Int, _ w: Int) -> Double {
      get { values[((c * frames + t) * height + h) * width + w] }
      set { values[((c * frames + t) * height + h) * width + w] = newValue }
    }

    /// A clip whose value at each place is `value(c, t, h, w)`.
    static func make(
      _ channels: Int, _ frames: Int, _ height: Int, _ width: Int,
      _ value: (Int, Int, Int, Int) -> Double
    ) -> Clip {
      var clip = Clip(channels, frames, height, width)
      for c in 0..<channels {
        for t in 0..<frames {
          for h in 0..<height { for w in 0..<width { clip[c, t, h, w] = value(c, t, h, w) } }
        }
      }
      return clip
    }

    func map(_ value: (Double) -> Double) -> Clip {
      var copy = self
      copy.values = values.map(value)
      return copy
    }
  }

  static func apply(_ f: ActivationFunction, _ x: Clip) -> Clip {
    switch f {
    case .none: x
    case .silu: x.map { $0 / (1 + exp(-$0)) }
    case .relu: x.map { max($0, 0) }
    }
  }

  static func groupNorm(
    _ x: Clip, groups: Int, weight: Tensor, bias: Tensor, epsilon: Double, perFrame: Bool
  ) -> Clip {
    let (scale, shift) = (weight.values, bias.values)
    let size = x.channels / groups
    var result = x
    let frameSets = perFrame ? (0..<x.frames).map { $0..<$0 + 1 } : [0..<x.frames]
    for frames in frameSets {
      for group in 0..<groups {
        var places: [(Int, Int, Int, Int)] = []
        for c in group * size..<(group + 1) * size {
          for t in frames {
            for h in 0..<x.height { for w in 0..<x.width { places.append((c, t, h, w)) } }
          }
        }
        let all = places.map { x[$0.0, $0.1, $0.2, $0.3] }
        let mean = all.reduce(0, +) / Double(all.count)
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)
        for (c, t, h, w) in places {
          let normal = (x[c, t, h, w] - mean) / (variance + epsilon).squareRoot()
          result[c, t, h, w] = normal * Double(scale[c]) + Double(shift[c])
        }
      }
    }
    return result
  }

  static func rmsNorm(_ x: Clip, weight: Tensor, bias: Tensor, epsilon: Double) -> Clip {
    let (scale, shift) = (weight.values, bias.values)
    return .make(x.channels, x.frames, x.height, x.width) { c, t, h, w in
      let squares = (0..<x.channels).reduce(0.0) { $0 + x[$1, t, h, w] * x[$1, t, h, w] }
      let root = (squares / Double(x.channels) + epsilon).squareRoot()
      return x[c, t, h, w] / root * Double(scale[c]) + Double(shift[c])
    }
  }

  static func upsample(_ x: Clip, _ upsampling: Upsampling) -> Clip {
    guard case .nearest(let time, let space) = upsampling else { return x }
    let factor = space ? 2 : 1
    let frames =
      switch time {
      case .none: Array(0..<x.frames)
      case .causal: [0] + (1..<x.frames).flatMap { [$0, $0] }
      case .double: (0..<x.frames).flatMap { [$0, $0] }
      }
    return .make(x.channels, frames.count, x.height * factor, x.width * factor) {
      x[$0, frames[$1], $2 / factor, $3 / factor]
    }
  }

  /// The padded clip.
  static func pad(_ x: Clip, _ padding: Padding, kernel: Axes) -> Clip {
    let before: Axes
    let after: Axes
    switch padding {
    case .causalReplicate:
      before = Axes(kernel.t - 1, kernel.h / 2, kernel.w / 2)
      after = Axes(0, kernel.h / 2, kernel.w / 2)
    case .zeros:
      before = Axes(kernel.t / 2, kernel.h / 2, kernel.w / 2)
      after = before
    case .zerosAfter:
      before = Axes(0, 0, 0)
      after = Axes(0, 1, 1)
    }
    return .make(
      x.channels, x.frames + before.t + after.t, x.height + before.h + after.h,
      x.width + before.w + after.w
    ) { c, t, h, w in
      let place = (t - before.t, h - before.h, w - before.w)
      let inside = (
        min(max(place.0, 0), x.frames - 1), min(max(place.1, 0), x.height - 1),
        min(max(place.2, 0), x.width - 1)
      )
      guard padding == .causalReplicate || place == inside else { return 0 }
      return x[c, inside.0, inside.1, inside.2]
    }
  }

  static func convolve(
    _ x: Clip, weight: Tensor, bias: Tensor?, kernel: Axes, stride: Axes, padding: Padding,
    groups: Int
  ) -> Clip {
    let padded = pad(x, padding, kernel: kernel)
    let outputs = weight.shape[0]
    let inputs = x.channels / groups
    let (weights, biases) = (weight.values.map(Double.init), bias?.values)
    return .make(
      outputs, (padded.frames - kernel.t) / stride.t + 1, (padded.height - kernel.h) / stride.h + 1,
      (padded.width - kernel.w) / stride.w + 1
    ) { o, t, h, w in
      var sum = biases.map { Double($0[o]) } ?? 0
      var tap = o * inputs * kernel.t * kernel.h * kernel.w
      let first = o / (outputs / groups) * inputs
      for c in first..<first + inputs {
        for i in 0..<kernel.t {
          for j in 0..<kernel.h {
            for k in 0..<kernel.w {
              let (y, x) = (h * stride.h + j, w * stride.w + k)
              sum += weights[tap] * padded[c, t * stride.t + i, y, x]
              tap += 1
            }
          }
        }
      }
      return sum
    }
  }

  static func add(_ a: Clip, _ b: Clip) -> Clip {
    var sum = a
    for i in sum.values.indices { sum.values[i] += b.values[i] }
    return sum
  }

  /// Softmax attention over tokens in t, h, w order.
  static func attention(_ q: Clip, _ k: Clip, _ v: Clip, causalByFrame: Bool) -> Clip {
    let (tokens, perFrame) = (q.positions, q.height * q.width)
    var result = Clip(q.channels, q.frames, q.height, q.width)
    for i in 0..<tokens {
      let frame = i / perFrame
      let keys = (causalByFrame ? 0 : frame * perFrame)..<(frame + 1) * perFrame
      let scores = keys.map { j in
        (0..<q.channels).reduce(0.0) { $0 + q.values[$1 * tokens + i] * k.values[$1 * tokens + j] }
          / Double(q.channels).squareRoot()
      }
      let highest = scores.max() ?? 0
      let weights = scores.map { exp($0 - highest) }
      let total = weights.reduce(0, +)
      for c in 0..<q.channels {
        let sum = zip(keys, weights).reduce(0.0) { $0 + $1.1 * v.values[c * tokens + $1.0] }
        result.values[c * tokens + i] = sum / total
      }
    }
    return result
  }

  /// ReLU linear attention; q, k and v of each head lie next to each other.
  static func linearAttention(_ x: Clip, dimension: Int) -> Clip {
    let heads = x.channels / (3 * dimension)
    var result = Clip(heads * dimension, x.frames, x.height, x.width)
    let count = x.positions
    func value(_ channel: Int, _ position: Int) -> Double { x.values[channel * count + position] }
    for head in 0..<heads {
      let (q, k, v) = (head * 3 * dimension, (head * 3 + 1) * dimension, (head * 3 + 2) * dimension)
      for i in 0..<dimension {
        var numerators = Array(repeating: 0.0, count: count)
        var denominators = Array(repeating: 1e-15, count: count)
        for j in 0..<dimension {
          var (products, keys) = (0.0, 0.0)
          for position in 0..<count {
            let key = max(value(k + j, position), 0)
            products += key * value(v + i, position)
            keys += key
          }
          for position in 0..<count {
            let query = max(value(q + j, position), 0)
            numerators[position] += query * products
            denominators[position] += query * keys
          }
        }
        for position in 0..<count {
          result.values[(head * dimension + i) * count + position] =
            numerators[position] / denominators[position]
        }
      }
    }
    return result
  }
}
