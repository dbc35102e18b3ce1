import ArgumentParser
import Codec
import NN

/// Which model runs, and on what.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The embedded model, tiny, or a checkpoint.", valueName: "name|path"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The checkpoint's configuration: Open-Sora's keys or a diffusers config.json.",
      valueName: "file"))
  var config: String?

  @OptionGroup var computing: ComputingOptions

  /// The model that was asked for; the embedded one by default.
  var reference: ModelReference {
    ModelReference(model ?? ModelReference.tiny.name, configuration: config)
  }
}

/// What a model runs on.
struct ComputingOptions: ParsableArguments {
  @Option(help: "Arithmetic and storage of activations: f32 or bf16.")
  var precision: Precision = .f32

  @Option(help: ArgumentHelp("Compute threads (default: all cores).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads): at least 1 is needed")
    }
  }

  /// The same for a model.
  var compute: ComputeOptions {
    ComputeOptions(precision: precision, threads: threads)
  }
}
