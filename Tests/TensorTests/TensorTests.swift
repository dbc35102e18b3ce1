import Tensor
import Testing

@Suite struct TensorTests {
  private let counting = Tensor([2, 3, 4], (0..<24).map(Float.init))

  @Test func copiesOnWrite() {
    var copy = counting
    copy.withMutableValues { $0[0] = 100 }
    #expect(counting.values[0] == 0)
    #expect(copy.values[0] == 100)
  }

  @Test func reshapes() {
    #expect(counting.reshaped([6, 4]).values == counting.values)
    #expect(counting.reshaped([6, 4]).shape == [6, 4])
  }

  @Test func slicesAnyAxis() {
    #expect(counting.slice(axis: 0, 1..<2).values == (12..<24).map(Float.init))
    #expect(
      counting.slice(axis: 1, 1..<3).values == (4..<12).map(Float.init) + (16..<24).map(Float.init))
    #expect(counting.slice(axis: 2, 3..<4).values == [3, 7, 11, 15, 19, 23])
    #expect(counting.slice(axis: 2, 2..<2).shape == [2, 3, 0])
  }

  @Test(arguments: 0..<3)
  func concatenationUndoesSlicing(_ axis: Int) {
    let parts = [0..<1, 1..<counting.shape[axis]].map { counting.slice(axis: axis, $0) }
    let whole = Tensor.concatenate(parts, axis: axis)
    #expect(whole.shape == counting.shape)
    #expect(whole.values == counting.values)
  }

  @Test func emptyAndScalarTensors() {
    #expect(Tensor([0, 3]).count == 0)
    #expect(Tensor([], [7]).values == [7])
  }
}
