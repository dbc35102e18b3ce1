import ArgumentParser
import Codec
import Foundation
import Media

struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Latent file to MP4, PNG or tensor file.",
    discussion: """
      Takes what `encode` writes, and other tools' latents: safetensors with one tensor, or a \
      .pt file with a bare tensor. Frame rate, frame count and size come from the file where it \
      has them. `-o x.safetensors` writes the float tensor `video` [C,T,H,W]; `-o -` writes \
      YUV4MPEG2 to standard output.
      """)

  @Argument(help: ArgumentHelp("Latent files, folders of them, or @FILE.", valueName: "latents"))
  var inputs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Output file, or folder for several inputs (default: NAME.mp4 or .png beside the input).",
      valueName: "file|folder"))
  var output: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Tiles") var tiling: TilingOptions

  @Option(help: ArgumentHelp("Frame rate, instead of the file's.", valueName: "rate"))
  var fps: FrameRate?

  @Option(help: ArgumentHelp("Quality of H.264, 0 (lossless) to 51.", valueName: "n"))
  var crf = 23

  @Option(help: ArgumentHelp("Copy the sound of this file, in sync.", valueName: "file"))
  var audio: String?

  @Option(help: ArgumentHelp("The tensor to take from a file of several.", valueName: "name"))
  var tensor: String?

  @Flag(help: "The file's values are as an encoder returned them, not scaled.")
  var unscaled = false

  @Option(help: ArgumentHelp("Crop to this size, where the file names none.", valueName: "WxH"))
  var size: FrameSize?

  @OptionGroup var out: OutputOptions

  func validate() throws {
    if !(0...51).contains(crf) { throw ValidationError("--crf \(crf): must be from 0 to 51") }
    if output == "-", out.json {
      throw ValidationError("--json and -o -: standard output takes one of them")
    }
  }

  func run() throws {
    var options = DecodeOptions()
    options.tensor = tensor
    options.isUnscaled = unscaled
    options.frameRate = fps?.value
    options.size = size
    options.crf = crf
    options.audio = audio
    options.tiles = tiling.choice
    let plan = try BatchPlan(inputs, kind: .latents, output: output)
    options.existing = plan.existing(overwrite: out.overwrite)
    let run = CommandRun(quiet: out.quiet)
    let models = ModelCache(model.computing.compute)
    let reference = model.model == nil && model.config == nil ? nil : model.reference
    // Standard output may carry the video itself.
    let line = output == "-" ? nil : Self.line
    try BatchOutput(options: out, line: line, isSkipped: \DecodeResult.isSkipped)
      .run(plan, run) { session, item in
        try DecodeJob(models: models, model: reference, options: options, session: session)
          .run(item.input.path, to: item.place)
      }
  }

  private static func line(_ result: DecodeResult) -> String {
    "\(result.output): \(frameText(result.frames)) \(result.width)x\(result.height) at "
      + "\(result.fps) fps, \(result.bytes) bytes"
      + (result.isSkipped
        ? ", was there"
        : String(
          format: ", %.1f s (%.1f frames/s)", result.seconds,
          Double(result.frames) / max(result.seconds, 1e-9)))
  }
}
