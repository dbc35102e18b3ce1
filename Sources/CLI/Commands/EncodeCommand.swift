import ArgumentParser
import Codec
import Foundation
import Tensor

struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Video, picture or tensor file to latent file.",
    discussion: """
      INPUT is a video, a picture, a safetensors file with a tensor `video` or `x` ([C,T,H,W] in \
      [-1, 1]), or - for YUV4MPEG2 on standard input; also a folder, or @FILE with a path per line. \
      Several inputs are worked through one by one; what a former run finished is skipped.
      """)

  @Argument(help: ArgumentHelp("What to encode.", valueName: "input"))
  var inputs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Output file, or folder for several inputs (default: NAME.latents.safetensors beside the input).",
      valueName: "file|folder"))
  var output: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Clip") var clip: ClipOptions
  @OptionGroup(title: "Tiles") var tiling: TilingOptions
  @OptionGroup var latents: LatentOptions

  @Option(help: "What the file is made for: vaecodec, musubi, comfyui or opensora-pt.")
  var format = LatentFormat.vaecodec

  @OptionGroup var out: OutputOptions

  func run() throws {
    var options = EncodeOptions()
    options.reader = clip.readerOptions
    options.posterior = latents.choice
    options.dtype = latents.dtype
    options.format = format
    options.tiles = tiling.choice
    let plan = try BatchPlan(inputs, kind: .media, output: output)
    options.existing = plan.existing(overwrite: out.overwrite)
    let run = CommandRun(quiet: out.quiet)
    let loaded = try LoadedModel(model.reference, on: model.computing.compute)
    try BatchOutput(options: out, line: Self.line, isSkipped: \EncodeResult.isSkipped)
      .run(plan, run) { session, item in
        try EncodeJob(model: loaded, options: options, session: session)
          .run(item.input.path, to: item.place)
      }
  }

  private static func line(_ result: EncodeResult) -> String {
    let shape = result.latents.map(String.init).joined(separator: "x")
    var line =
      "\(result.output): \(frameText(result.frames)) \(result.width)x\(result.height) at "
      + "\(result.fps) fps, latents \(shape) \(result.dtype), \(result.bytes) bytes "
      + String(format: "(1/%.0f)", result.compression)
    line +=
      result.isSkipped
      ? ", was there"
      : String(
        format: ", %.1f s (%.1f frames/s)", result.seconds,
        Double(result.frames) / max(result.seconds, 1e-9))
    if result.lostFrames > 0 { line += ", \(result.lostFrames) frames lost" }
    return line
  }
}
