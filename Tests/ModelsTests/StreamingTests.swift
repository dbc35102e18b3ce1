import Tensor
import TestSupport
import Testing

@testable import Models

/// A clip handed over in pieces gives the same bits as a whole one.
@Suite struct StreamingTests {
  static let cases = ParityCase.all.filter { parity in
    ["causal3d_tiled", "dc_ae_lone_tail", "autoencoder_2d", "dc_ae_image"]
      .contains(parity.description)
  }

  @Test(arguments: cases)
  func encodesInPieces(_ parity: ParityCase) throws {
    let model = try parity.model()
    let x = try #require(try parity.tensors()["x"])
    let whole = try model.encode(x)
    let encoder = try model.makeEncoder(width: x.shape[3], height: x.shape[2])
    var parts: [Posterior] = []
    for piece in pieces(of: x, sizes: [1, 5, 2, 9]) { parts += try encoder.push(piece) }
    parts += try encoder.finish()
    let joined = try #require(Posterior.joined(parts))
    #expect(joined.mean.values == whole.mean.values)
    #expect(joined.logvar?.values == whole.logvar?.values)
    #expect(joined.sample(seed: 3).values == whole.sample(seed: 3).values)
  }

  @Test(arguments: cases)
  func decodesInPieces(_ parity: ParityCase) throws {
    let model = try parity.model()
    let z = try #require(try parity.tensors()["z"])
    let whole = try model.decode(z)
    let decoder = try model.makeDecoder(latentWidth: z.shape[3], latentHeight: z.shape[2])
    var parts: [Tensor] = []
    for piece in pieces(of: z, sizes: [1, 2]) { parts += try decoder.push(piece) }
    parts += try decoder.finish()
    #expect(Tensor.concatenate(parts, axis: 1).values == whole.values)
    #expect(decoder.frameCount == whole.shape[1])
  }

  @Test func threadsChangeNothing() throws {
    let parity = try #require(Self.cases.first { $0.description == "causal3d_tiled" })
    let x = try #require(try parity.tensors()["x"]).slice(axis: 1, 0..<9)
    let results = try [1, 2, 3].map { try parity.model(threads: $0).encode(x).mean.values }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func refusesWhatIsNoClip() throws {
    let model = try #require(Self.cases.first).model()
    let encoder = try model.makeEncoder(width: 16, height: 16)
    #expect(throws: ModelError.self) { try encoder.finish() }
    #expect(throws: ModelError.self) { try encoder.push(Tensor([3, 1, 16, 8])) }
    var broken = Tensor([3, 1, 16, 16])
    broken.withMutableValues { $0[2 * 256 + 18] = .nan }
    #expect {
      try encoder.push(broken)
    } throws: { error in
      "\(error)".hasPrefix("video: the value at [2, 0, 1, 2] is nan")
    }
    #expect(throws: ModelError.self) { try model.makeEncoder(width: 0, height: 16) }
  }

  private func pieces(of tensor: Tensor, sizes: [Int]) -> [Tensor] {
    var (start, parts) = (0, [Tensor]())
    while start < tensor.shape[1] {
      let end = min(tensor.shape[1], start + sizes[parts.count % sizes.count])
      parts.append(tensor.slice(axis: 1, start..<end))
      start = end
    }
    return parts
  }
}
