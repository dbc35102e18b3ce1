import NN

/// What a user can set, in the order of the interface's indices.
enum Parameter: Int, CaseIterable {
  case mode
  case chunk
  case mix
  case view
  case precision
  case threads

  var name: StaticString {
    switch self {
    case .mode: "mode"
    case .chunk: "chunk"
    case .mix: "mix"
    case .view: "view"
    case .precision: "precision"
    case .threads: "threads"
    }
  }

  var explanation: StaticString {
    switch self {
    case .mode: "image: every frame on its own; clip: chunks of frames, delayed by one chunk"
    case .chunk: "frames of a chunk in clip mode, 4k+1 (17)"
    case .mix: "0 source to 1 reconstruction (1)"
    case .view: "reconstruction, split (source on the left) or difference (8 times amplified)"
    case .precision: "f32 or bf16"
    case .threads: "number of threads; 0 takes all cores"
    }
  }

  /// Given as a number from 0 to 1; the others are text.
  var isNumber: Bool { self == .mix }
}

/// The values of one instance.
struct Settings: Equatable {
  enum Mode: String, CaseIterable {
    case image
    case clip
  }

  enum View: String, CaseIterable {
    case reconstruction
    case split
    case difference
  }

  var mode = Mode.image
  var chunk = 17
  var mix = 1.0
  var view = View.reconstruction
  var precision = Precision.f32
  /// nil takes all cores.
  var threads: Int?

  /// Sets a text parameter; an empty text sets the default. Returns what is wrong with the value.
  mutating func set(_ parameter: Parameter, _ text: String) -> String? {
    let defaults = Settings()
    func choice<Value: RawRepresentable<String> & CaseIterable>(
      _ property: WritableKeyPath<Settings, Value>
    ) -> String? {
      guard !text.isEmpty else {
        self[keyPath: property] = defaults[keyPath: property]
        return nil
      }
      guard let value = Value(rawValue: text) else {
        return Value.allCases.map(\.rawValue).joined(separator: " or ")
      }
      self[keyPath: property] = value
      return nil
    }
    let expected: String?
    switch parameter {
    case .mode: expected = choice(\.mode)
    case .view: expected = choice(\.view)
    case .precision: expected = choice(\.precision)
    case .chunk:
      let value = text.isEmpty ? defaults.chunk : Int(text) ?? 0
      expected = (1...4097).contains(value) && value % 4 == 1 ? nil : "4k+1, such as 17"
      if expected == nil { chunk = value }
    case .threads:
      let value = text.isEmpty ? 0 : Int(text) ?? -1
      expected = (0...1024).contains(value) ? nil : "a number of threads, 0 for all cores"
      if expected == nil { threads = value == 0 ? nil : value }
    case .mix: expected = "a number from 0 to 1"
    }
    return expected.map { "\(parameter) must be \($0), not \(text)" }
  }

  /// Sets a number parameter. Returns what is wrong with the value.
  mutating func set(_ parameter: Parameter, _ value: Double) -> String? {
    guard parameter == .mix, (0...1).contains(value) else {
      return "\(parameter) must be a number from 0 to 1, not \(value)"
    }
    mix = value
    return nil
  }

  /// The value of a text parameter, as ``set(_:_:)-(_,String)`` takes it.
  func text(_ parameter: Parameter) -> String {
    switch parameter {
    case .mode: mode.rawValue
    case .chunk: String(chunk)
    case .mix: String(mix)
    case .view: view.rawValue
    case .precision: precision.rawValue
    case .threads: String(threads ?? 0)
    }
  }
}
