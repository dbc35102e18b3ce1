import Tensor

extension Tensor {
  /// Fails on the first value that is no finite number, naming it.
  /// - Parameters:
  ///   - name: what the tensor is called.
  ///   - firstFrame: added to the index along time.
  func checkFinite(_ name: String, firstFrame: Int) throws {
    guard let position = firstNonFinite else { return }
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
