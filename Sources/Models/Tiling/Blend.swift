import Tensor

extension Tensor {
  /// Cross-fades from the end of `before` into the start of this tensor along `axis`, in place:
  /// `before·(1 − y/n) + self·y/n` for `y` in `0..<n`, `n` at most `extent` and what both have.
  mutating func blend(from before: Tensor, axis: Int, extent: Int) {
    let n = min(before.shape[axis], shape[axis], extent)
    guard n > 0 else { return }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let (length, lengthBefore) = (shape[axis], before.shape[axis])
    before.withValues { before in
      withMutableValues { values in
        for o in 0..<outer {
          for y in 0..<n {
            let fade = Double(y) / Double(n)
            let (old, new) = (Float(1 - fade), Float(fade))
            let from = (o * lengthBefore + lengthBefore - n + y) * inner
            let to = (o * length + y) * inner
            for i in 0..<inner {
              values[to + i] = before[from + i] * old + values[to + i] * new
            }
          }
        }
      }
    }
  }

  /// The last `count` indices along `axis`, or all where there are fewer.
  func suffix(_ count: Int, axis: Int) -> Tensor {
    slice(axis: axis, max(0, shape[axis] - count)..<shape[axis])
  }

  /// The indices from `start` along `axis`, at most `count` of them; itself where that is all.
  func part(axis: Int, from start: Int, count: Int) -> Tensor {
    let end = min(shape[axis], start + count)
    return start == 0 && end == shape[axis] ? self : slice(axis: axis, start..<end)
  }
}
