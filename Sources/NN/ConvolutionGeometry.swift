/// What a convolution sees beyond the borders of its input, and how its output is sized.
public enum Padding: Hashable, Sendable {
  /// 3D causal: k/2 replicated on both sides of height and width, k − 1 in front of time.
  case causalReplicate
  /// k/2 zeros on both sides of every axis.
  case zeros
  /// One row of zeros below and one column to the right, none elsewhere (kernel 3, stride 2).
  case zerosAfter

  /// Padding in front of each axis.
  func leading(_ kernel: Axes) -> Axes {
    switch self {
    case .causalReplicate: Axes(t: kernel.t - 1, h: kernel.h / 2, w: kernel.w / 2)
    case .zeros: Axes(t: kernel.t / 2, h: kernel.h / 2, w: kernel.w / 2)
    case .zerosAfter: Axes(t: 0, h: 0, w: 0)
    }
  }

  /// Padding behind each axis.
  func trailing(_ kernel: Axes) -> Axes {
    switch self {
    case .causalReplicate: Axes(t: 0, h: kernel.h / 2, w: kernel.w / 2)
    case .zeros: leading(kernel)
    case .zerosAfter: Axes(t: 0, h: 1, w: 1)
    }
  }

  /// Size of what a convolution over `input` returns.
  func outputExtent(of input: Extent, kernel: Axes, stride: Axes) -> Extent {
    let (before, after) = (leading(kernel), trailing(kernel))
    return Extent(
      frames: (input.frames + before.t + after.t - kernel.t) / stride.t + 1,
      height: (input.height + before.h + after.h - kernel.h) / stride.h + 1,
      width: (input.width + before.w + after.w - kernel.w) / stride.w + 1)
  }
}

/// Nearest-neighbour upsampling along time.
public enum TimeUpsampling: Hashable, Sendable {
  case none
  /// T → 2T − 1: every frame twice but the first.
  case causal
  /// T → 2T.
  case double
}

/// Nearest-neighbour upsampling of a convolution's input; the upsampled tensor is never stored.
public enum Upsampling: Hashable, Sendable {
  case none
  /// Along time as said, and ×2 in height and width where `space`.
  case nearest(time: TimeUpsampling, space: Bool)

  /// Size after upsampling.
  func extent(of input: Extent) -> Extent {
    guard case .nearest(let time, let space) = self else { return input }
    let frames =
      switch time {
      case .none: input.frames
      case .causal: 2 * input.frames - 1
      case .double: 2 * input.frames
      }
    let scale = space ? 2 : 1
    return Extent(frames: frames, height: input.height * scale, width: input.width * scale)
  }

  /// The input frame that frame `t` of the upsampled input repeats.
  func sourceFrame(_ t: Int) -> Int {
    guard case .nearest(let time, _) = self else { return t }
    return switch time {
    case .none: t
    case .causal: (t + 1) / 2
    case .double: t / 2
    }
  }

  /// Rows and columns of the upsampled input per row and column of the input: 1 or 2.
  var spaceFactor: Int {
    if case .nearest(_, true) = self { 2 } else { 1 }
  }
}

/// Elementwise function between layers.
public enum ActivationFunction: Hashable, Sendable {
  case none
  /// x · sigmoid(x)
  case silu
  /// max(x, 0)
  case relu
}
