extension Tensor {
  /// The part of the tensor with index `range` along `axis`, copied.
  public func slice(axis: Int, _ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "slice out of range")
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    var newShape = shape
    newShape[axis] = range.count
    let (run, stride, offset) = (range.count * inner, shape[axis] * inner, range.lowerBound * inner)
    return withValues { source in
      Tensor(newShape) { target in
        guard run > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
        for o in 0..<outer {
          (to + o * run).initialize(from: from + o * stride + offset, count: run)
        }
      }
    }
  }

  /// `parts` joined along `axis`; all other extents must agree.
  public static func concatenate(_ parts: [Tensor], axis: Int) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    var shape = parts[0].shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let stride = shape[axis] * inner
    return Tensor(shape) { target in
      guard let to = target.baseAddress else { return }
      var offset = 0
      for part in parts {
        let run = part.shape[axis] * inner
        part.withValues { source in
          guard run > 0, let from = source.baseAddress else { return }
          for o in 0..<outer {
            (to + o * stride + offset).initialize(from: from + o * run, count: run)
          }
        }
        offset += run
      }
    }
  }
}
