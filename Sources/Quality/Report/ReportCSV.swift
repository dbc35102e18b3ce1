extension Report {
  /// What a row of the CSV file is about.
  private enum Scope: String {
    case total, clip, frame, channel
  }

  /// Columns of the CSV file, in order.
  private enum Column: String, CaseIterable {
    case scope, model, clip, stage, index, frames, width, height, frameRate
    case meanSquaredError, psnr, meanFramePSNR, ssim, msssim, msssimScales, temporalError
    case worstFrame, vmaf, latentBytes, bitsPerPixel, compression, encodeSeconds, decodeSeconds
    case mean, standardDeviation, minimum, maximum, divergence
  }

  private typealias Row = [Column: any CustomStringConvertible]

  /// Every figure as comma-separated values: a row for each model's total, each clip, each frame
  /// and each latent channel, told apart by `scope`; `stage` is `model` for the model's output and
  /// `h264` for the decoded video file. What a row does not have is empty.
  public func csv() -> String {
    var text = Column.allCases.map(\.rawValue).joined(separator: ",") + "\r\n"
    for total in totals {
      for (stage, figures) in stages(total.figures, total.afterH264) {
        append(row(.total, total.model, stage: stage, figures), to: &text)
      }
    }
    for run in runs { appendRows(of: run, to: &text) }
    return text
  }

  private func append(_ row: Row, to text: inout String) {
    let fields = Column.allCases.map { row[$0].map { Self.quoted($0.description) } ?? "" }
    text += fields.joined(separator: ",") + "\r\n"
  }

  private func appendRows(of run: Run, to text: inout String) {
    for (stage, figures) in stages(run.figures, run.afterH264) {
      var clipRow = row(.clip, run.model, stage: stage, figures)
      clipRow[.clip] = run.clip
      if let clip = clips.first(where: { $0.name == run.clip }) {
        clipRow[.width] = clip.width
        clipRow[.height] = clip.height
        clipRow[.frameRate] = clip.frameRate
      }
      if stage == "model" {
        clipRow[.vmaf] = run.vmaf?.mean
        clipRow[.latentBytes] = run.latentBytes
        clipRow[.bitsPerPixel] = run.bitsPerPixel
        clipRow[.compression] = run.compression
        clipRow[.encodeSeconds] = run.encodeSeconds
        clipRow[.decodeSeconds] = run.decodeSeconds
        clipRow[.divergence] = run.latents?.divergence
        if let latents = run.latents { clipRow.merge(spread(latents.overall)) { $1 } }
      }
      append(clipRow, to: &text)
      for frame in figures.perFrame {
        var frameRow: Row = [
          .scope: Scope.frame.rawValue, .model: run.model, .clip: run.clip, .stage: stage,
          .index: frame.index, .psnr: frame.psnr,
        ]
        frameRow[.ssim] = frame.ssim
        frameRow[.msssim] = frame.msssim
        frameRow[.temporalError] = frame.temporalError
        if stage == "model", let scores = run.vmaf?.perFrame, frame.index < scores.count {
          frameRow[.vmaf] = scores[frame.index]
        }
        append(frameRow, to: &text)
      }
    }
    for (index, channel) in (run.latents?.channels ?? []).enumerated() {
      let channelRow: Row = [
        .scope: Scope.channel.rawValue, .model: run.model, .clip: run.clip, .index: index,
      ]
      append(channelRow.merging(spread(channel)) { $1 }, to: &text)
    }
  }

  private func stages(_ model: ClipFigures, _ afterH264: ClipFigures?) -> [(String, ClipFigures)] {
    [("model", model)] + (afterH264.map { [("h264", $0)] } ?? [])
  }

  private func row(_ scope: Scope, _ model: String, stage: String, _ figures: ClipFigures) -> Row {
    var row: Row = [
      .scope: scope.rawValue, .model: model, .stage: stage, .frames: figures.frames,
      .meanSquaredError: figures.meanSquaredError, .psnr: figures.psnr,
      .meanFramePSNR: figures.meanFramePSNR, .msssimScales: figures.msssimScales,
    ]
    row[.ssim] = figures.ssim
    row[.msssim] = figures.msssim
    row[.temporalError] = figures.temporalError
    if scope == .clip { row[.worstFrame] = figures.worstFrame }
    return row
  }

  private func spread(_ spread: LatentFigures.Spread) -> Row {
    [
      .mean: spread.mean, .standardDeviation: spread.standardDeviation,
      .minimum: spread.minimum, .maximum: spread.maximum,
    ]
  }

  /// A field in quotes where RFC 4180 wants them.
  private static func quoted(_ field: String) -> String {
    guard field.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else {
      return field
    }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
