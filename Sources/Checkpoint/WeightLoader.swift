import Tensor

/// Hands tensors of a checkpoint out by name and remembers which were taken.
///
/// Layers take what they need through a ``WeightScope``; ``finish()`` then fails unless names,
/// shapes and values were all as they must be.
public final class WeightLoader {
  private let source: String
  private let entries: [TensorEntry]
  private let indices: [String: Int]
  private let isRecording: Bool
  private var taken: Set<String> = []
  private var problems: [String] = []

  /// What was asked for so far, in order.
  public private(set) var requested: [(name: String, shape: [Int])] = []

  /// Loads from `entries`; errors name `source`. The last of two tensors with one name counts.
  public init(_ entries: [TensorEntry], source: String) {
    self.source = source
    self.entries = entries
    indices = Dictionary(zip(entries.map(\.name), entries.indices)) { $1 }
    isRecording = false
  }

  /// Has no data: notes the name and shape of everything that is asked for.
  public init(recording: Void) {
    source = ""
    entries = []
    indices = [:]
    isRecording = true
  }

  /// The scope of all names.
  public var root: WeightScope { WeightScope(loader: self, prefix: "") }

  func contains(_ name: String) -> Bool { indices[name] != nil }

  func take(_ name: String, _ shape: [Int]) -> Weight {
    requested.append((name, shape))
    taken.insert(name)
    if isRecording { return Weight(name: name, shape: shape, entry: nil) }
    guard let entry = indices[name].map({ entries[$0] }) else {
      problems.append("tensor \(name.quoted) of shape \(shape) is missing")
      return Weight(name: name, shape: shape, entry: nil)
    }
    guard withoutTrailingOnes(entry.shape) == withoutTrailingOnes(shape) else {
      problems.append("tensor \(name.quoted) has shape \(entry.shape); \(shape) is needed")
      return Weight(name: name, shape: shape, entry: nil)
    }
    guard entry.dtype.isFloatingPoint else {
      problems.append("tensor \(name.quoted) holds \(entry.dtype.rawValue), no floating point")
      return Weight(name: name, shape: shape, entry: nil)
    }
    return Weight(name: name, shape: shape, entry: entry)
  }

  /// Throws ``CheckpointError`` naming the first tensors that are missing, misshapen or extra. Reads
  /// no values.
  public func checkShapes() throws {
    let extra = entries.filter { !taken.contains($0.name) }
    let all =
      problems + extra.map { "tensor \($0.name.quoted) of shape \($0.shape) has no place" }
    guard all.isEmpty else {
      let shown = all.prefix(4).joined(separator: "; ")
      let rest = all.count > 4 ? "; and \(all.count - 4) more" : ""
      throw CheckpointError(source, "does not fit the model: \(shown)\(rest)")
    }
  }

  /// As ``checkShapes()``, and names the first value that is NaN or infinite. Reads every weight once.
  public func finish() throws {
    try checkShapes()
    for entry in entries {
      try entry.checkFinite()
      entry.releasePages()
    }
  }
}

private func withoutTrailingOnes(_ shape: [Int]) -> ArraySlice<Int> {
  shape[..<((shape.lastIndex { $0 != 1 } ?? -1) + 1)]
}

/// Part of a checkpoint: all names that begin with a prefix, as a module of the model has them.
public struct WeightScope {
  fileprivate let loader: WeightLoader
  private let prefix: String

  fileprivate init(loader: WeightLoader, prefix: String) {
    self.loader = loader
    self.prefix = prefix
  }

  /// The scope of a part: `scope["mid"]["attn_1"]` holds what begins with `mid.attn_1`.
  public subscript(_ name: String) -> WeightScope {
    WeightScope(loader: loader, prefix: prefix.isEmpty ? name : "\(prefix).\(name)")
  }

  /// Whether the checkpoint has a tensor `name` here.
  public func contains(_ name: String) -> Bool { loader.contains(self[name].prefix) }

  /// The tensor `name` of `shape`, give or take extents of 1 at the end. Never fails: what does
  /// not fit is reported by ``WeightLoader/finish()``.
  public func take(_ name: String, _ shape: [Int]) -> Weight {
    loader.take(self[name].prefix, shape)
  }
}
