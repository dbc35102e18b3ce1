import NN
import Tensor
import TestSupport
import Testing

@testable import Models

/// Any number of frames and any size come back as they went in.
@Suite struct SizeTests {
  @Test(arguments: ["causal3d", "causal3d_time8", "autoencoder_2d"], [1, 2, 7])
  func keepsSize(name: String, frames: Int) throws {
    try check(name, Extent(frames: frames, height: 17, width: 30))
  }

  @Test(arguments: [1, 3, 9])
  func keepsSizeOfDCAE(frames: Int) throws {
    try check("dc_ae", Extent(frames: frames, height: 20, width: 33))
  }

  private func check(_ name: String, _ size: Extent) throws {
    let parity = try ParityCase("parity/\(name)")
    let model = try parity.model()
    let values = (0..<3 * size.positions).map { Float($0 % 31) / 31 }
    let clip = Tensor([3, size.frames, size.height, size.width], values)
    let posterior = try model.encode(clip)
    let geometry = model.geometry
    #expect(
      posterior.mean.shape == [
        geometry.latentChannels, geometry.latentFrames(for: size.frames),
        geometry.paddedSide(for: size.height) / geometry.space,
        geometry.paddedSide(for: size.width) / geometry.space,
      ])
    let decoded = try model.decode(posterior.mode(), cropTo: size)
    #expect(decoded.shape == clip.shape)
  }

  /// Padding repeats the last row, column and frame.
  @Test func padsByRepetition() throws {
    let parity = try ParityCase("parity/causal3d")
    let model = try parity.model()
    let x = try #require(try parity.tensors()["x"])
    let cropped = x.slice(axis: 1, 0..<4).slice(axis: 2, 0..<15).slice(axis: 3, 0..<22)
    func repeated(_ tensor: Tensor, axis: Int, to count: Int) -> Tensor {
      let last = tensor.suffix(1, axis: axis)
      let copies = Array(repeating: last, count: count - tensor.shape[axis])
      return .concatenate([tensor] + copies, axis: axis)
    }
    let padded = repeated(
      repeated(repeated(cropped, axis: 1, to: 5), axis: 2, to: 16), axis: 3, to: 24)
    #expect(try model.encode(cropped).mean.values == model.encode(padded).mean.values)
  }

  @Test func plansWhatRunsTake() throws {
    let parity = try ParityCase("parity/causal3d_tiled")
    let model = try parity.model()
    let plan = try model.planEncoding(width: 48, height: 40, frames: 21)
    // Two tiles along time (0, 12), four along each other axis pair (0, 24).
    #expect(plan.tileCount == 8)
    #expect(plan.multiplyAdds > 0 && plan.effectiveMultiplyAdds <= plan.multiplyAdds)
    let longer = try model.planEncoding(width: 48, height: 40, frames: 2100)
    #expect(longer.peakBytes == plan.peakBytes)
    #expect(try model.planDecoding(width: 48, height: 40, frames: 21).tileCount == 8)
  }
}
