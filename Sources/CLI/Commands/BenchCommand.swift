import ArgumentParser
import Codec
import Foundation
import Media

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure encoder and decoder: speed, arithmetic, peak memory.",
    discussion: """
      Runs on a clip of noise. Rates are in 10⁹ multiply-adds per second: "effective" counts them as \
      the layers are defined, "true" as they were carried out. Peak memory is the whole process's, \
      so time one pass alone (--only) to see that one's.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var tiling: TilingOptions

  @Option(help: ArgumentHelp("Size of the clip.", valueName: "WxH"))
  var size = FrameSize(width: 256, height: 256)

  @Option(help: ArgumentHelp("Frames of the clip.", valueName: "n"))
  var frames = 17

  @Option(help: ArgumentHelp("Timed runs; the median counts.", valueName: "n"))
  var runs = 3

  @Option(help: "Time encode or decode alone.")
  var only: Benchmark.Pass?

  @Flag(help: "Show every layer.")
  var layers = false

  @Flag(help: "Print the result as one JSON object on standard output.")
  var json = false

  func validate() throws {
    if frames < 1 { throw ValidationError("--frames \(frames): at least 1 is needed") }
    if runs < 1 { throw ValidationError("--runs \(runs): at least 1 is needed") }
  }

  func run() throws {
    let run = CommandRun(quiet: true)
    var benchmark = Benchmark()
    benchmark.width = size.width
    benchmark.height = size.height
    benchmark.frames = frames
    benchmark.runs = runs
    benchmark.tiles = tiling.options
    benchmark.countsLayers = layers
    if let only { benchmark.passes = [only] }
    let result = try run { session in
      try benchmark.run(
        try LoadedModel(model.reference, on: model.computing.compute), session: session)
    }
    if json { return try JSONOutput.print(result) }
    try StandardOutput.print(Self.text(result))
  }

  private static func text(_ result: BenchmarkResult) -> String {
    let memory = result.peakMemory.map { String(format: "%.2f GiB", Double($0) / 0x1p30) }
    var lines = [
      "\(result.model.name): \(result.frames)x\(result.height)x\(result.width), "
        + "engine \(result.engine), \(result.precision), \(result.threads) threads",
      String(format: "peak rate %.0f G/s, ", result.peakRate)
        + "peak memory \(memory ?? "unknown")",
      "",
    ]
    var table = Table([
      "pass", "seconds", "frames/s", "G multiply-adds", "effective G/s", "true G/s", "of peak",
    ])
    for pass in result.passes {
      table.add([
        pass.pass.rawValue, String(format: "%.3f", pass.seconds),
        String(format: "%.2f", pass.framesPerSecond),
        String(format: "%.1f", Double(pass.multiplyAdds) / 1e9),
        String(format: "%.1f", pass.effectiveRate), String(format: "%.1f", pass.trueRate),
        String(format: "%.0f%%", 100 * pass.trueRate / result.peakRate),
      ])
    }
    lines.append(table.text)
    for pass in result.passes {
      guard let layers = pass.layers else { continue }
      lines += ["", "\(pass.pass.rawValue), by layer:", layerTable(layers)]
    }
    return lines.joined(separator: "\n")
  }

  private static func layerTable(_ layers: [BenchmarkResult.Layer]) -> String {
    var table = Table(["layer", "operation", "output", "ms", "G multiply-adds", "effective G/s"])
    for layer in layers {
      table.add([
        layer.name, layer.operation, layer.output.map(String.init).joined(separator: "x"),
        String(format: "%.1f", layer.seconds * 1000),
        String(format: "%.2f", Double(layer.multiplyAdds) / 1e9),
        String(format: "%.1f", layer.effectiveRate),
      ])
    }
    return table.text
  }
}

extension Benchmark.Pass: ExpressibleByArgument {}
