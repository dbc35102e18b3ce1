import Codec
import Foundation
import Media
import Quality

/// What a `roundtrip` run came to: the report, and what became of each input.
struct RoundtripOutcome: Encodable {
  /// One model's batch.
  struct Batch: Encodable {
    let model: String
    let items: [ItemReport<RoundTripResult>]
  }

  private enum CodingKeys: String, CodingKey {
    case batches, report, files
  }

  let folder: String
  let gate: QualityGate
  var notes: [String] = []
  private(set) var batches: [Batch] = []
  private var models: [Report.Model] = []
  private var clips: [Report.Clip] = []
  private var runs: [Report.Run] = []
  private var failures: [String] = []

  init(folder: String, gate: QualityGate) {
    self.folder = folder
    self.gate = gate
  }

  /// Names for models that are distinct even where their files are called alike.
  static func titles(_ identities: [ModelIdentity]) -> [String] {
    identities.enumerated().map { index, identity in
      let earlier = identities[..<index].count { $0.name == identity.name }
      return earlier == 0 ? identity.name : "\(identity.name)_\(earlier + 1)"
    }
  }

  var report: Report {
    Report(
      program: "\(Program.name) \(Program.version)", models: models, clips: clips, runs: runs,
      failures: failures, notes: notes)
  }

  /// 0 all good, 1 all failed, 3 some failed.
  var exitCode: Int32 {
    let items = batches.flatMap(\.items)
    return BatchReport(items: items).exitCode
  }

  /// Takes in one model's results; `names` are those of the inputs, in order.
  mutating func add(
    _ batch: BatchReport<RoundTripResult>, names: [String], model: LoadedModel, title: String
  ) throws {
    let autoencoder = model.autoencoder
    let geometry = autoencoder.geometry
    let described = Report.Model(
      name: title,
      facts: [
        .init("Family", "\(autoencoder.family.title) (\(autoencoder.family.rawValue))"),
        .init("Parameters", String(format: "%.2f M", Double(autoencoder.parameterCount) / 1e6)),
        .init(
          "Compression",
          "\(geometry.timeRatio)×\(geometry.space)×\(geometry.space), \(geometry.latentChannels) channels"
        ),
        .init("Precision", autoencoder.context.precision.rawValue),
        .init("SHA-256", String(model.identity.sha256.prefix(16))),
      ])
    models.append(described)
    for (item, name) in zip(batch.items, names) {
      guard let result = item.result else { continue }
      try add(result, name: name, model: described)
    }
    // The report has the figures, readably.
    let items = batch.items.map { item in
      var item = item
      item.result?.figures = Data()
      return item
    }
    batches.append(Batch(model: title, items: items))
  }

  private mutating func add(
    _ result: RoundTripResult, name: String, model: Report.Model
  ) throws {
    let rate = Rational(result.fps)?.value ?? 0
    let clip =
      clips.first { $0.name == name }
      ?? Report.Clip(
        name: name, frames: result.frames, width: result.width, height: result.height,
        frameRate: result.fps, framesPerSecond: rate, video: inReport(result.original))
    if !clips.contains(where: { $0.name == name }) { clips.append(clip) }
    let measured = try JSONDecoder().decode(RoundtripFigures.self, from: result.figures)
    var run = Report.Run(
      model: model, clip: clip, figures: measured.figures, latentBytes: result.latentBytes)
    run.afterH264 = measured.afterH264
    run.vmaf = measured.vmaf
    run.latents = measured.latents
    run.video = inReport(result.reconstruction)
    run.pictures = measured.pictures
    runs.append(run)
    let label = models.count > 1 ? "\(name), \(model.name)" : name
    failures += gate.failures(of: measured.figures, clip: label)
  }

  /// A path as the report, which lies in `folder`, names it.
  private func inReport(_ path: String) -> String {
    path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
  }

  private var reportPaths: [String] {
    ["report.html", "report.json", "report.csv"].map { "\(folder)/\($0)" }
  }

  /// Writes `report.html`, `.json` and `.csv`, where there is anything to report.
  func writeReport(_ session: Session) throws {
    guard !runs.isEmpty else { return }
    let files = try report.files().map { (folder.appendingPath($0), $1) }
    try writeWhole(Dictionary(uniqueKeysWithValues: files), session: session)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(batches, forKey: .batches)
    try container.encode(report, forKey: .report)
    try container.encode(runs.isEmpty ? [] : reportPaths, forKey: .files)
  }
}

extension RoundtripOutcome {
  /// The table for people, and where the files are; nil where nothing was finished.
  var text: String? {
    var table = Table([
      "clip", "frames", "fps", "size", "compression", "PSNR", "SSIM", "seconds", "frames/s",
    ])
    var paths: [String] = []
    var row = 0
    for batch in batches {
      for item in batch.items {
        guard let result = item.result else { continue }
        let run = runs[row]
        row += 1
        let name = models.count > 1 ? "\(run.clip) (\(batch.model))" : run.clip
        table.add([
          name, "\(result.frames)", result.fps, "\(result.width)x\(result.height)",
          String(format: "1/%.0f", result.compression), String(format: "%.2f dB", run.figures.psnr),
          run.figures.ssim.map { String(format: "%.4f", $0) } ?? "-",
          result.isSkipped ? "was there" : String(format: "%.1f", result.seconds),
          result.isSkipped
            ? "" : String(format: "%.1f", Double(result.frames) / max(result.seconds, 1e-9)),
        ])
        paths += [result.original, result.reconstruction]
      }
    }
    guard row > 0 else { return nil }
    return ([table.text, ""] + paths + reportPaths).joined(separator: "\n")
  }
}
