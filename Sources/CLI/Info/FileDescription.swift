import Codec
import Foundation
import Media

/// What a file holds, from its headers.
struct FileDescription: Encodable {
  /// A name and its value.
  struct Fact {
    let name: String
    let value: String
  }

  /// "video", "picture", "latents" or "checkpoint".
  let kind: String
  let file: String
  private(set) var facts: [Fact] = []

  init(kind: String, file: String) {
    self.kind = kind
    self.file = file
  }

  mutating func add(_ name: String, _ value: String?) {
    if let value { facts.append(Fact(name: name, value: value)) }
  }

  /// One line a fact.
  var text: String {
    let width = facts.map(\.name.count).max() ?? 0
    let lines = facts.map {
      "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)"
    }
    return (["\(file): \(kind)"] + lines).joined(separator: "\n")
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: Key("kind"))
    try container.encode(file, forKey: Key("file"))
    for fact in facts { try container.encode(fact.value, forKey: Key(fact.name)) }
  }
}

extension FileDescription {
  /// A video or a picture.
  init(_ info: VideoInfo, file: String) {
    self.init(kind: info.isImage ? "picture" : "video", file: file)
    add("container", info.container)
    add("codec", "\(info.codec), \(info.pixelFormat)")
    add("size", "\(info.width)x\(info.height)")
    if (info.codedWidth, info.codedHeight) != (info.width, info.height) {
      add("stored size", "\(info.codedWidth)x\(info.codedHeight)")
    }
    if info.rotation != 0 || info.isMirrored {
      add("rotation", "\(info.rotation)°\(info.isMirrored ? ", mirrored" : "")")
    }
    if info.sampleAspect != 1 { add("sample aspect", "\(info.sampleAspect)") }
    if !info.isImage {
      add("fps", "\(info.frameRate)")
      add("frames", info.frameCount.map(String.init) ?? "not said")
      add("duration", info.duration.map(Self.seconds) ?? "not said")
      add("start", Self.seconds(info.startTime))
    }
    let range = info.color.isFullRange.map { $0 ? "full range" : "limited range" }
    add(
      "colour",
      [
        info.color.matrix, range ?? "range not said", info.color.transfer,
        info.color.isHDR ? "HDR" : nil,
      ].compactMap { $0 }.joined(separator: ", "))
    if info.isInterlaced { add("scan", "interlaced") }
    if info.hasAlpha { add("alpha", "yes; composited on black") }
    if let audio = info.audio {
      add("audio", "\(audio.codec), \(audio.sampleRate) Hz, \(audio.channels) channels")
    }
  }

  private static func seconds(_ time: Rational) -> String {
    String(format: "%.3f s", time.value)
  }

  /// A file of latents.
  init(_ latents: LatentFile) {
    self.init(kind: "latents", file: latents.path)
    let tensor = latents.tensor
    add("tensor", "\(tensor.name) \(tensor.shape) \(tensor.dtype.rawValue)")
    guard let info = latents.info else {
      add("written by", latents.format?.rawValue ?? "another tool")
      return
    }
    let metadata = info.metadata
    for key in LatentInfo.Key.allCases where key != .format && key != .recipe {
      add(key.rawValue, metadata[key.rawValue])
    }
  }

  /// A checkpoint, as it would be loaded.
  init(checkpoint path: String, configuration: String?) throws {
    self.init(kind: "checkpoint", file: path)
    let model = try ModelReference(path, configuration: configuration).summary()
    let family = model.configuration.family
    add("family", "\(family.rawValue) (\(family.title))")
    add("parameters", "\(model.parameterCount)")
    add("tensors", "\(model.tensorCount)")
    add("dtype", model.dtypes.map(\.rawValue).joined(separator: ", "))
    for setting in model.configuration.settings {
      add(setting.key, "\(setting.value) (\(setting.origin.rawValue))")
    }
  }
}
