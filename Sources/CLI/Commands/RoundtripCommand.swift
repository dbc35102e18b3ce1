import ArgumentParser
import Codec
import Foundation
import Quality

struct RoundtripCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roundtrip",
    abstract: "Encode, decode and compare.",
    discussion: """
      Writes DIR/orig/NAME_orig.mp4, DIR/recn/NAME_recn.mp4 and DIR/report.html, .json and .csv \
      (rewritten by each run). Figures are of the model's output in 8-bit RGB, before H.264. \
      Several --model give one table; each then has a folder of its own below DIR.
      """)

  @Argument(
    help: ArgumentHelp("Videos, pictures, folders of them, or @FILE.", valueName: "input"))
  var inputs: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Where results go.", valueName: "dir"))
  var output = "roundtrip"

  @Option(
    help: ArgumentHelp(
      "The embedded model or a checkpoint; may be repeated.", valueName: "name|path"))
  var model: [String] = []

  @Option(
    help: ArgumentHelp(
      "The checkpoint's configuration; with several models one each, in order, - for none.",
      valueName: "file"))
  var config: [String] = []

  @OptionGroup var computing: ComputingOptions
  @OptionGroup(title: "Clip") var clip: ClipOptions
  @OptionGroup(title: "Tiles") var tiling: TilingOptions
  @OptionGroup var latents: LatentOptions

  @Option(help: ArgumentHelp("Quality of H.264, 0 (lossless) to 51.", valueName: "n"))
  var crf = 23

  @Flag(name: .customLong("after-h264"), help: "Measure the written MP4 against the source, too.")
  var afterH264 = false

  @Option(
    help: ArgumentHelp("Exit with 2 when a clip's PSNR is below this.", valueName: "dB"))
  var minPsnr: Double?

  @Option(help: ArgumentHelp("Exit with 2 when a clip's SSIM is below this.", valueName: "x"))
  var minSsim: Double?

  @OptionGroup var out: OutputOptions

  func validate() throws {
    if !(0...51).contains(crf) { throw ValidationError("--crf \(crf): must be from 0 to 51") }
    if !config.isEmpty, config.count != max(1, model.count) {
      throw ValidationError("--config: give one for each --model")
    }
    if inputs.contains("-"), afterH264 || model.count > 1 {
      throw ValidationError(
        "standard input is read once: --after-h264 and several --model need a file")
    }
    if latents.posterior == .moments {
      throw ValidationError("--posterior moments cannot be decoded; use mode or sample")
    }
  }

  func run() throws {
    let run = CommandRun(quiet: out.quiet)
    let outcome = try run { session in try roundtrip(session, run) }
    if out.json {
      try JSONOutput.print(outcome)
    } else if let text = outcome.text {
      try StandardOutput.print(text)
      if !out.quiet { for note in outcome.notes { Diagnostics.write("\(note)\n") } }
    }
    for failure in outcome.report.failures { Diagnostics.error(failure) }
    try ExitStatus.check(outcome.exitCode)
    if !outcome.report.failures.isEmpty { throw ExitStatus.belowGate }
  }

  private func roundtrip(_ session: Session, _ run: CommandRun) throws -> RoundtripOutcome {
    let search = VMAFSearch()
    let names = model.isEmpty ? [ModelReference.tiny.name] : model
    let models = try names.enumerated().map { index, name in
      try LoadedModel(
        ModelReference(
          name, configuration: config.isEmpty || config[index] == "-" ? nil : config[index]),
        on: computing.compute)
    }
    var options = RoundTripOptions()
    options.reader = clip.readerOptions
    options.posterior = latents.choice
    options.dtype = latents.dtype
    options.crf = crf
    options.tiles = tiling.choice
    let items = try InputList.expand(inputs, kind: .media)
    let isBatch = items.count > 1 || inputs != items.map(\.path)
    options.existing = out.overwrite ? .overwrite : isBatch ? .resume : .refuse

    var outcome = RoundtripOutcome(
      folder: output, gate: QualityGate(minimumPSNR: minPsnr, minimumSSIM: minSsim))
    let vmaf: VMAF?
    do {
      vmaf = try search.result()
    } catch let error as QualityError {
      vmaf = nil
      outcome.notes.append("\(error)")
    }
    for (title, model) in zip(RoundtripOutcome.titles(models.map(\.identity)), models) {
      let settings = QualityObserver.Settings(
        scaling: model.autoencoder.scaling, afterH264: afterH264, vmaf: vmaf)
      options.measured = settings.description
      let job = RoundTripJob(model: model, options: options, session: session)
      let folder = models.count > 1 ? "\(output)/\(title)" : output
      var outputs = OutputNames()
      let named = items.map { ($0, outputs.next(for: $0)) }
      let batch = try runBatch(
        named, named: { $0.0.path }, session: session, isSkipped: \RoundTripResult.isSkipped,
        onItem: { item in
          run.clearProgress()
          if let error = item.error { Diagnostics.error(error) }
        },
        work: { item, name in
          try job.run(item.path, name: name, in: folder) { QualityObserver(settings) }
        })
      try outcome.add(batch, names: named.map(\.1), model: model, title: title)
    }
    try outcome.writeReport(session)
    return outcome
  }
}
