import Codec
import Foundation
import Media
import NN
import Tensor

/// One use of the filter in a host's graph. Not thread-safe: hosts call an instance from one thread.
///
/// Nothing that goes wrong here reaches the host: frames then pass through, and one line on standard
/// error says why.
final class FilterInstance {
  private(set) var settings = Settings()
  private let width: Int
  private let height: Int
  /// Bytes from one row of the host's pictures to the next.
  private let rowStep: Int
  private var model: SharedModel
  private var modelSettings: (Precision, Int?)
  /// What is wrong with the values set last, by parameter.
  private var problems: [Parameter: String] = [:]
  private var lastComplaint: String?
  /// Clip mode: frames of the chunk that is being gathered, and pictures ready to be handed out.
  private var gathered: [PackedFrame] = []
  private var ready: ArraySlice<PackedFrame> = []
  /// Texts that hosts were given pointers to, which stay valid until they are asked for again.
  private var texts: [Parameter: UnsafeMutablePointer<CChar>] = [:]

  /// Loads the model and makes sure that it can run at this size.
  init(width: Int, height: Int) throws {
    guard width > 0, height > 0 else {
      throw FilterError(reason: "no pictures of \(width)x\(height)")
    }
    self.width = width
    self.height = height
    let libavfilter = RowStep.callingLibavfilter()
    rowStep = RowStep.bytes(width: width, libavfilter: libavfilter)
    if let warning = RowStep.warning(width: width, libavfilter: libavfilter) {
      Self.complain(warning)
    }
    modelSettings = (settings.precision, settings.threads)
    model = try ModelPool.shared.model(on: ComputeOptions())
    try model.prepare([3, 1, height, width])
  }

  deinit {
    for text in texts.values { free(text) }
  }

  /// Prints one line for people on standard error.
  static func complain(_ text: String) {
    var line = "vaecodec: \(text.split(separator: "\n").joined(separator: " "))\n"
    // A host without standard error is told nothing.
    _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  func set(_ parameter: Parameter, _ text: String) {
    apply(parameter) { $0.set(parameter, text) }
  }

  func set(_ parameter: Parameter, _ value: Double) {
    apply(parameter) { $0.set(parameter, value) }
  }

  /// The value as text that lives until it is asked for again.
  func pointer(to parameter: Parameter) -> UnsafePointer<CChar>? {
    free(texts[parameter])
    texts[parameter] = strdup(settings.text(parameter))
    return texts[parameter].map { UnsafePointer($0) }
  }

  /// Makes the next picture of the host's.
  func update(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
    let source = PackedFrame(width: width, height: height, copying: input, rowStep: rowStep)
    func show(_ frame: PackedFrame) { frame.copy(to: output, rowStep: rowStep) }
    guard problems.isEmpty else { return show(source) }
    switch settings.mode {
    case .image: show(reconstruct([source])[0])
    case .clip:
      gathered.append(source)
      show(ready.popFirst() ?? source)
      guard gathered.count == settings.chunk else { return }
      ready = reconstruct(gathered)[...]
      gathered = []
    }
  }

  /// The pictures to show for frames that belong together; the frames themselves when it fails.
  private func reconstruct(_ frames: [PackedFrame]) -> [PackedFrame] {
    do {
      let video = try currentModel().reconstruct(PackedFrame.tensor(frames))
      lastComplaint = nil
      return frames.enumerated().map { t, frame in
        frame.showing(RGBFrame(video, frame: t), settings)
      }
    } catch {
      let complaint = "\(error)"
      if complaint != lastComplaint { Self.complain("\(complaint); frames pass through") }
      lastComplaint = complaint
      return frames
    }
  }

  private func currentModel() throws -> SharedModel {
    if modelSettings != (settings.precision, settings.threads) {
      model = try ModelPool.shared.model(
        on: ComputeOptions(precision: settings.precision, threads: settings.threads))
      modelSettings = (settings.precision, settings.threads)
    }
    return model
  }

  private func apply(_ parameter: Parameter, _ change: (inout Settings) -> String?) {
    let before = settings
    problems[parameter] = change(&settings)
    if let problem = problems[parameter] { Self.complain("\(problem); frames pass through") }
    if before.mode != settings.mode || before.chunk != settings.chunk {
      gathered = []
      ready = []
    }
  }
}

/// Why an instance cannot be made.
struct FilterError: Error, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}
