import Checkpoint

/// One value of a model's configuration, and where it comes from.
public struct Setting: Hashable, Sendable {
  public enum Origin: String, Sendable {
    /// From the configuration.
    case given
    /// Read off the names and shapes of the tensors.
    case inferred
    /// The published default of the family.
    case assumed
  }

  /// As Open-Sora's configurations spell it; "encoder.width_list" for nested ones.
  public let key: String
  public let value: String
  public let origin: Origin
}

/// Reads settings by key: from the configuration, else from what the tensors show, else the default.
struct SettingsReader {
  typealias Object = [String: JSONValue]

  private let given: Object
  private let shown: Object
  private let path: String
  private(set) var settings: [Setting] = []

  init(given: Object, shown: Object) {
    self.init(given: given, shown: shown, path: "")
  }

  private init(given: Object, shown: Object, path: String) {
    self.given = given
    self.shown = shown
    self.path = path
  }

  mutating func integer(_ key: String, or fallback: Int, in range: ClosedRange<Int>) throws -> Int {
    try read(key, fallback, "an integer from \(range.lowerBound) to \(range.upperBound)") {
      $0.asInteger.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func number(_ key: String, or fallback: Double) throws -> Double {
    try read(key, fallback, "a number") { $0.asNumber }
  }

  mutating func flag(_ key: String, or fallback: Bool) throws -> Bool {
    try read(key, fallback, "true or false") { if case .bool(let flag) = $0 { flag } else { nil } }
  }

  /// One integer for each level of a model.
  mutating func integers(
    _ key: String, or fallback: [Int], in range: ClosedRange<Int>
  ) throws -> [Int] {
    let what = "1 to 16 integers from \(range.lowerBound) to \(range.upperBound)"
    return try read(key, fallback, what) { value in
      value.asList
        .flatMap { (1...16).contains($0.count) ? $0 : nil }?
        .allMapped { $0.asInteger.flatMap { range.contains($0) ? $0 : nil } }
    }
  }

  mutating func flags(_ key: String, or fallback: [Bool]) throws -> [Bool] {
    try read(key, fallback, "a list of true and false") { value in
      value.asList?.allMapped { if case .bool(let flag) = $0 { flag } else { nil } }
    }
  }

  /// A list of words, or one word for all of `count` places.
  mutating func words(_ key: String, or fallback: [String], count: Int) throws -> [String] {
    try read(key, fallback, "a word or a list of words") { value in
      if case .string(let word) = value { return Array(repeating: word, count: count) }
      return value.asList?.allMapped { if case .string(let word) = $0 { word } else { nil } }
    }
  }

  /// Fails unless `key` is absent or has the one value this program knows.
  func require(_ key: String, _ only: String...) throws {
    guard let value = given[key] else { return }
    let words = value.asList ?? [value]
    for case .string(let word) in words where !only.contains(word) {
      throw ModelError(
        "configuration: \(path)\(key) \(word) is not supported; only \(only.joined(separator: ", "))"
      )
    }
  }

  /// Reads a nested object with `body`.
  mutating func section<R>(
    _ key: String, _ body: (inout SettingsReader) throws -> R
  ) rethrows -> R {
    var reader = SettingsReader(
      given: given[key]?.asObject ?? [:], shown: shown[key]?.asObject ?? [:],
      path: "\(path)\(key).")
    defer { settings += reader.settings }
    return try body(&reader)
  }

  private mutating func read<T>(
    _ key: String, _ fallback: T, _ expected: String, _ convert: (JSONValue) -> T?
  ) throws -> T {
    let isGiven = given[key].map { $0 != .null } ?? false
    let value = isGiven ? given[key] : shown[key]
    guard let value else {
      settings.append(Setting(key: path + key, value: "\(fallback)", origin: .assumed))
      return fallback
    }
    guard let result = convert(value) else {
      throw ModelError("configuration: \(path)\(key) must be \(expected)")
    }
    settings.append(
      Setting(key: path + key, value: "\(result)", origin: isGiven ? .given : .inferred))
    return result
  }
}

extension JSONValue {
  var asObject: [String: JSONValue]? {
    if case .object(let object) = self { object } else { nil }
  }

  var asList: [JSONValue]? {
    if case .array(let list) = self { list } else { nil }
  }

  var asText: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var asInteger: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value.isFinite ? value : nil
    default: nil
    }
  }
}

extension Array {
  /// All elements converted, or nil where one cannot be.
  func allMapped<T>(_ convert: (Element) -> T?) -> [T]? {
    let results = compactMap(convert)
    return results.count == count ? results : nil
  }
}
