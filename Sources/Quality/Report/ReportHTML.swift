import Foundation

extension Report {
  /// A page for people that needs no other file but the videos it links to.
  public func html() -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Round trip: \(HTMLText.escaped(title))</title>
    <style>
    \(ReportStyle.css)
    </style>
    </head>
    <body>
    <main>
    <h1>Round trip</h1>
    <p class="sub">\(HTMLText.escaped(title))</p>
    \(failureCard)
    \(summaryCard)
    \(clips.enumerated().map { clipCard($1, number: $0) }.joined(separator: "\n"))
    <footer>
    \((notes + explanations).map { "<p>\(HTMLText.escaped($0))</p>" }.joined(separator: "\n"))
    <p>\(HTMLText.escaped(program)) · the same figures: <a href="report.json">report.json</a>,
    <a href="report.csv">report.csv</a></p>
    </footer>
    </main>
    <script>
    \(ReportStyle.script)
    </script>
    </body>
    </html>

    """
  }

  private var explanations: [String] {
    var lines = Self.always
    if runs.contains(where: { $0.afterH264 != nil }) {
      lines.append(
        "After H.264: the written MP4 of the reconstruction against the frames of the source.")
    }
    if runs.contains(where: { $0.vmaf != nil }) {
      lines.append("VMAF compares the two written MP4s.")
    }
    return lines
  }

  private static let always = [
    "All figures compare 8-bit RGB. PSNR is of the clip's mean squared error; SSIM uses an 11×11 "
      + "Gaussian window, σ 1.5; MS-SSIM has five scales, or as many as the picture holds.",
    "Temporal error is the root mean square, in levels of 255, of the error of frame differences: "
      + "0 for an error that stands still.",
  ]

  private var title: String {
    let names = models.map(\.name).joined(separator: ", ")
    return "\(clips.count) \(clips.count == 1 ? "clip" : "clips") through \(names)"
  }

  private var failureCard: String {
    guard !failures.isEmpty else { return "" }
    let items = failures.map { "<li>\(HTMLText.escaped($0))</li>" }.joined()
    return "<section class=\"card bad\"><h2>Below the gate</h2><ul>\(items)</ul></section>"
  }

  // MARK: - Comparison

  private var summaryCard: String {
    let measures = ReportMeasure.summary.filter { measure in
      runs.contains { measure.value($0) != nil }
    }
    var groups = clips.enumerated().map { number, clip in
      summaryRows("<a href=\"#clip\(number)\">\(name(clip.name))</a>", measures) { measure in
        models.map { run($0, clip).flatMap(measure.value) }
      }
    }
    if clips.count > 1 {
      let all = summaryRows("All clips", class: "total", measures) { measure in
        models.map { total(measure, $0) }
      }
      groups.append(all)
    }
    let heads = ["Clip"] + (models.count > 1 ? ["Model"] : []) + measures.map(\.heading)
    return """
      <section class="card">
      \(modelList)
      <div class="scroll"><table class="clips\(models.count > 1 ? " several" : "")">
      <thead><tr>\(heads.map { "<th>\($0)</th>" }.joined())</tr></thead>
      \(groups.joined(separator: "\n"))
      </table></div>
      </section>
      """
  }

  /// A row for each model, beside a head for all of them.
  private func summaryRows(
    _ head: String, class name: String = "clip", _ measures: [ReportMeasure],
    _ values: (ReportMeasure) -> [Double?]
  ) -> String {
    let columns = measures.map { (measure: $0, values: values($0)) }
    let rows = models.enumerated().map { number, model in
      let first =
        number == 0 ? "<th scope=\"rowgroup\" rowspan=\"\(models.count)\">\(head)</th>" : ""
      let named =
        models.count > 1 ? "<td class=\"model\">\(key(number))\(self.name(model.name))</td>" : ""
      let cells = columns.map { $0.measure.cell($0.values[number], among: $0.values) }.joined()
      return "<tr>\(first)\(named)\(cells)</tr>"
    }
    return "<tbody class=\"\(name)\">\(rows.joined())</tbody>"
  }

  private var modelList: String {
    let items = models.enumerated().map { number, model in
      let facts = model.facts.map { "\($0.name) \($0.value)" }.joined(separator: " · ")
      return """
        <p class="sub">\(key(number))<strong>\(HTMLText.escaped(model.name))</strong> · \
        \(HTMLText.escaped(facts))</p>
        """
    }
    return "<div class=\"models\">\(items.joined(separator: "\n"))</div>"
  }

  private func total(_ measure: ReportMeasure, _ model: Model) -> Double? {
    totals.first { $0.model == model.name }.flatMap { total in
      measure.total(total, runs.filter { $0.model == model.name })
    }
  }

  // MARK: - Clips

  private func clipCard(_ clip: Clip, number: Int) -> String {
    let runs = models.enumerated().compactMap { number, model in
      run(model, clip).map { (number: number, run: $0) }
    }
    let length =
      clip.frames == 1
      ? "1 frame"
      : "\(clip.frames) frames · \(HTMLText.escaped(clip.frameRate)) fps · "
        + "\(HTMLText.number(Double(clip.frames) / rate(clip), digits: 2)) s"
    return """
      <section class="card" id="clip\(number)">
      <h2>\(HTMLText.escaped(clip.name))</h2>
      <p class="sub">\(clip.width)×\(clip.height) · \(length)</p>
      \(player(clip, runs))
      \(plots(clip, runs))
      \(runs.map { pictures($0.run, number: $0.number) }.joined(separator: "\n"))
      \(figureTable(runs))
      \(runs.map { channelTable($0.run) }.joined(separator: "\n"))
      </section>
      """
  }

  private func player(_ clip: Clip, _ runs: [(number: Int, run: Run)]) -> String {
    guard let source = clip.video else { return "" }
    let reconstructions = runs.compactMap { entry in
      entry.run.video.map { (path: $0, caption: caption(entry.number, "Reconstruction")) }
    }
    guard !reconstructions.isEmpty else { return "" }
    let isPicture = source.lowercased().hasSuffix(".png")
    let videos = ([(path: source, caption: "Source")] + reconstructions).map { path, caption in
      let url = HTMLText.url(path)
      // The moment makes phones show the first frame before they play.
      let element =
        isPicture
        ? "<img src=\"\(url)\" alt=\"\">"
        : "<video src=\"\(url)#t=0.001\" preload=\"metadata\" playsinline controls></video>"
      return "<figure>\(element)<figcaption>\(caption)</figcaption></figure>"
    }
    guard !isPicture else {
      return "<h3>Side by side</h3><div class=\"videos\">\(videos.joined())</div>"
    }
    return """
      <div class="player" data-rate="\(rate(clip))">
      <h3>Side by side</h3>
      <div class="videos">\(videos.joined())</div>
      <div class="controls" hidden>
      <button type="button">Play</button>
      <button type="button" class="step" aria-label="one frame back">‹</button>
      <button type="button" class="step" aria-label="one frame on">›</button>
      <input type="range" min="0" max="1" step="any" value="0" aria-label="time"><output></output>
      </div>
      </div>
      """
  }

  private func plots(_ clip: Clip, _ runs: [(number: Int, run: Run)]) -> String {
    guard clip.frames > 1 else { return "" }
    func plot(_ title: String, _ digits: Int, _ value: (FrameFigures) -> Double?) -> String {
      let series = runs.map { number, run in
        ReportPlot.Series(
          color: number % 6, values: run.figures.perFrame.map(value),
          marked: run.figures.worstFrame)
      }
      let svg = ReportPlot(
        title: title, series: series, framesPerSecond: rate(clip), digits: digits
      ).svg()
      return svg.isEmpty ? "" : "<figure><figcaption>\(title)</figcaption>\(svg)</figure>"
    }
    let keys = runs.map { "<li>\(key($0.number))\(HTMLText.escaped($0.run.model))</li>" }
    return """
      <h3>Over time</h3>
      <div class="plots">\(plot("PSNR, dB", 0, \.psnr))\(plot("SSIM", 2, \.ssim))</div>
      <ul class="legend">\(keys.joined())<li>The dot marks the frame of lowest PSNR.</li></ul>
      """
  }

  private func pictures(_ run: Run, number: Int) -> String {
    guard !run.pictures.isEmpty else { return "" }
    let triples = run.pictures.map { picture in
      let images = [
        (picture.source, "Source"), (picture.reconstruction, "Reconstruction"),
        (picture.difference, "Difference × \(ClipMetrics.amplification)"),
      ].map { data, caption in
        """
        <figure><img alt="\(caption) of frame \(picture.index)" loading="lazy" \
        src="data:image/png;base64,\(data.base64EncodedString())">\
        <figcaption>\(caption)</figcaption></figure>
        """
      }
      return """
        <h4>\(picture.title) <span class="unit">no. \(picture.index), \
        \(HTMLText.number(picture.psnr, digits: 2)) dB</span></h4>
        <div class="triple">\(images.joined())</div>
        """
    }
    return "<h3>\(caption(number, "Frames"))</h3>\n" + triples.joined(separator: "\n")
  }

  private func figureTable(_ runs: [(number: Int, run: Run)]) -> String {
    let rows = ReportMeasure.all.compactMap { measure -> String? in
      let values = runs.map { measure.value($0.run) }
      guard values.contains(where: { $0 != nil }) else { return nil }
      let cells = values.map { measure.cell($0, among: values) }.joined()
      return "<tr><th scope=\"row\">\(measure.heading)</th>\(cells)</tr>"
    }
    let head = runs.map { "<th>\(key($0.number))\(name($0.run.model))</th>" }.joined()
    return """
      <h3>All figures</h3>
      <div class="scroll"><table><thead><tr><th></th>\(head)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  private func channelTable(_ run: Run) -> String {
    guard let channels = run.latents?.channels else { return "" }
    let rows = channels.enumerated().map { number, spread in
      let values = [
        spread.mean, spread.standardDeviation, spread.minimum, spread.maximum,
      ].map { "<td>\(HTMLText.number($0, digits: 3))</td>" }
      return "<tr><th scope=\"row\">\(number)</th>\(values.joined())</tr>"
    }
    return """
      <details><summary>Latent channels of \(HTMLText.escaped(run.model))</summary>
      <div class="scroll"><table><thead><tr><th>Channel</th><th>Mean</th>\
      <th>Standard deviation</th><th>Minimum</th><th>Maximum</th></tr></thead>
      <tbody>\(rows.joined())</tbody></table></div></details>
      """
  }

  /// Frames a second; frames are counted instead where the rate is unknown.
  private func rate(_ clip: Clip) -> Double { clip.framesPerSecond > 0 ? clip.framesPerSecond : 1 }

  // MARK: - Names

  /// The colour of a model's lines.
  private func key(_ number: Int) -> String { "<span class=\"key k\(number % 6)\"></span>" }

  /// A name that may be cut for want of room, then shown whole under the pointer.
  private func name(_ text: String) -> String {
    let text = HTMLText.escaped(text)
    return "<span class=\"name\" title=\"\(text)\">\(text)</span>"
  }

  /// A caption that names the model where there are several.
  private func caption(_ number: Int, _ text: String) -> String {
    models.count > 1 ? "\(text): \(key(number))\(HTMLText.escaped(models[number].name))" : text
  }
}
