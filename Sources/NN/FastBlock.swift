internal import CKernels

/// A block of tiles of a ``FastWinograd``: where it lies, and its parts of the scratch memory.
struct FastBlock {
  let layout: FastTileLayout
  let steps: ArraySlice<FastTime.Step>
  let y: Range<Int>
  let x: Range<Int>
  let frames: Range<Int>
  let input: UnsafeMutablePointer<Float>
  let points: UnsafeMutablePointer<Float>
  /// Operands of a point's products, where those of one are made after another's.
  let operands: UnsafeMutablePointer<Float>
  let products: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  /// Tiles that are multiplied at once.
  var tiles: Int { (layout.slides ? 1 : steps.count) * y.count * x.count }
  /// Rows of transformed input, and of products.
  var pointLines: fast_lines { layout.lines(layout.inputWidth, tiles: tiles) }
  var productLines: fast_lines {
    layout.lines(layout.outputWidth, tiles: tiles)
  }

  init(_ layout: FastTileLayout, _ index: Int, _ scratch: UnsafeMutablePointer<Float>) {
    self.layout = layout
    (steps, y, x) = layout.place(of: index)
    frames = FastTileLayout.frames(of: steps)
    input = scratch
    points = input + layout.inputFrames * layout.inputFrameCount
    operands = points + layout.pointsCount
    products = operands + layout.operandsCount
    sums = products + layout.productsCount
  }

  /// The block's copy of an input frame; nil is a frame of zeros.
  func inputFrame(_ frame: Int?) -> UnsafeMutablePointer<Float> {
    input + (frame.map { $0 - frames.lowerBound } ?? frames.count) * layout.inputFrameCount
  }
}
