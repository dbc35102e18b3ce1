import NN
import Tensor
import TestSupport
import Testing

@testable import Models

/// Whole models against the reference's outputs.
@Suite struct ParityTests {
  @Test func fixturesAreThere() {
    #expect(ParityCase.all.count == 14)
  }

  @Test(arguments: ParityCase.all, EngineKind.available)
  func encodesAsReference(_ parity: ParityCase, engine: EngineKind) throws {
    let tensors = try parity.tensors()
    let model = try parity.model(engine: engine)
    let posterior = try model.encode(try #require(tensors["x"]))
    if let mean = tensors["mean"], let logvar = tensors["logvar"] {
      #expect(relativeError(posterior.mean, mean) <= 1e-4)
      #expect(relativeError(try #require(posterior.logvar), logvar) <= 1e-4)
    }
    let z = model.scaling.toDiffusion(posterior.mode())
    #expect(relativeError(z, try #require(tensors["z"])) <= 1e-4)
  }

  @Test(arguments: ParityCase.all, EngineKind.available)
  func decodesAsReference(_ parity: ParityCase, engine: EngineKind) throws {
    let tensors = try parity.tensors()
    let model = try parity.model(engine: engine)
    let latents = model.scaling.fromDiffusion(try #require(tensors["z"]))
    let decoded = try model.decode(latents)
    #expect(relativeError(decoded, try #require(tensors["recon"])) <= 1e-4)
  }
}
