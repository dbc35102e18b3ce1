import ArgumentParser
import Codec
import Tensor

/// Which latents are kept, and how.
struct LatentOptions: ParsableArguments {
  enum Posterior: String, ExpressibleByArgument, CaseIterable {
    case mode, sample, moments
  }

  @Option(help: "What to keep of the encoder's distribution: mode, sample or moments.")
  var posterior = Posterior.mode

  @Option(help: ArgumentHelp("Seed of --posterior sample (default: 0).", valueName: "n"))
  var seed: UInt64?

  @Option(help: "Element type of the latents: f16, bf16 or f32.")
  var dtype = DType.f16

  func validate() throws {
    if seed != nil, posterior != .sample {
      throw ValidationError("--seed goes with --posterior sample")
    }
  }

  /// The same for a pipeline.
  var choice: PosteriorChoice {
    switch posterior {
    case .mode: .mode
    case .sample: .sample(seed: seed ?? 0)
    case .moments: .moments
    }
  }
}

extension DType: ExpressibleByArgument {
  /// "f16", "bf16" or "f32", the types latents are written in.
  public init?(argument: String) {
    guard ["f16", "bf16", "f32"].contains(argument.lowercased()) else { return nil }
    self.init(rawValue: argument.uppercased())
  }

  public var defaultValueDescription: String { rawValue.lowercased() }
  public static var allValueStrings: [String] { ["f16", "bf16", "f32"] }
}

extension LatentFormat: ExpressibleByArgument {}
