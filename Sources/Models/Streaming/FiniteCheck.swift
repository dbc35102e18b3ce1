import Tensor

extension Tensor {
  /// Fails on the first value that is no finite number, naming it.
  /// - Parameters:
  ///   - name: what the tensor is called.
  ///   - firstFrame: added to the index along time.
  func checkFinite(_ name: String, firstFrame: Int) throws {
    let position = withValues { values -> Int? in
      // Zero times anything finite is zero: one sum finds out in a single quick pass.
      var sum: Float = 0
      for value in values { sum += value * 0 }
      return sum == 0 ? nil : values.firstIndex { !$0.isFinite }
    }
    guard let position else { return }
    var (index, rest) = ([Int](), position)
    for extent in shape.reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    if index.count == 4 { index[1] += firstFrame }
    throw ModelError(
      "\(name): the value at \(index) is \(values[position]), not a finite number; "
        + "check the input and the checkpoint")
  }
}
