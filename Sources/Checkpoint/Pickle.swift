import Tensor

/// What a restricted pickle can hold: plain values and tensors.
///
/// Containers are numbers of nodes in ``Pickle``, so that a pickle may share and nest them as it
/// likes without making this program recurse or leak.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case global(PickleGlobal)
  case node(Int)
}

/// The only names that a pickle may look up. None of them runs code of the file's choice.
enum PickleGlobal {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case storage(DType)

  /// Throws ``FormatProblem`` that names the global when it is any other.
  init(module: String, name: String) throws {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", let storage):
      guard let dtype = Self.storages[storage] else { fallthrough }
      self = .storage(dtype)
    default:
      throw FormatProblem(
        "asks for \("\(module).\(name)".quoted), which is refused; "
          + "a checkpoint needs nothing but tensors (torch.save(model.state_dict(), …))")
    }
  }

  private static let storages: [String: DType] = [
    "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "DoubleStorage": .f64,
    "LongStorage": .i64, "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8,
    "ByteStorage": .u8, "BoolStorage": .bool,
  ]
}

/// Flat memory that tensors are views of.
struct PickleStorage {
  var dtype: DType
  /// Name of its record in the archive.
  var key: String
  /// Number of elements.
  var count: Int
}

/// A view of a storage, checked to lie inside it.
package struct PickleTensor {
  var storage: PickleStorage
  /// First element in the storage.
  var offset: Int
  var shape: [Int]
  /// Elements between neighbours along each axis.
  var strides: [Int]

  /// Throws ``FormatProblem`` unless all elements lie in the storage, which holds no fewer.
  init(storage: PickleStorage, offset: Int, shape: [Int], strides: [Int]) throws {
    (self.storage, self.offset, self.shape, self.strides) = (storage, offset, shape, strides)
    let numbers = [offset] + shape + strides
    guard shape.count == strides.count, shape.count <= SafetensorsHeader.maximumRank,
      numbers.allSatisfy({ $0 >= 0 }), let size = byteCount(shape, storage.dtype)
    else { throw FormatProblem("has a tensor of impossible shape \(shape) and strides \(strides)") }
    guard size > 0 else {
      self.offset = 0
      return
    }
    var last = offset
    for (extent, stride) in zip(shape, strides) {
      let (span, tooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, tooMuch) = last.addingReportingOverflow(span)
      last = tooFar || tooMuch ? .max : sum
      if last == .max { break }
    }
    guard last < storage.count, size / storage.dtype.size <= storage.count else {
      throw FormatProblem(
        "has a tensor of shape \(shape) and strides \(strides) at \(offset) "
          + "in a storage of \(storage.count) elements; it must fit in there")
    }
  }

  /// Whether the elements lie one after another in row-major order.
  var isDense: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }
}

/// The objects of a pickle.
package struct Pickle {
  enum Node {
    case tuple([PickleValue])
    case list([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    case storage(PickleStorage)
    case tensor(PickleTensor)
  }

  var nodes: [Node] = []
  var root: PickleValue = .none

  /// The node that `value` is; nil when it is a plain value.
  func node(_ value: PickleValue) -> Node? {
    guard case .node(let index) = value else { return nil }
    return nodes[index]
  }

  /// All tensors by name: the root itself (named ""), or those in the dictionary `state_dict` where
  /// the root has one, or those in the root dictionary, with `.` between the keys of nested ones.
  package func tensors() throws -> [(name: String, tensor: PickleTensor)] {
    var found: [(name: String, tensor: PickleTensor)] = []
    var visits = 0
    var start = root
    if case .dictionary(let members) = node(root) {
      for case (.text("state_dict"), let value) in members {
        if case .dictionary = node(value) { start = value }
      }
    }
    try collect(start, name: "", depth: 0, &visits, &found)
    return found
  }

  private func collect(
    _ value: PickleValue, name: String, depth: Int, _ visits: inout Int,
    _ found: inout [(name: String, tensor: PickleTensor)]
  ) throws {
    visits += 1
    guard depth <= 16, visits <= 1 << 20 else {
      throw FormatProblem("nests its dictionaries too deeply, or in a circle")
    }
    switch node(value) {
    case .tensor(let tensor): found.append((name, tensor))
    case .dictionary(let members):
      for (key, value) in members {
        guard case .node = value else { continue }
        let part: String
        switch key {
        case .text(let text): part = text
        case .integer(let number): part = String(number)
        default: throw FormatProblem("has a dictionary key that is neither text nor an integer")
        }
        try collect(
          value, name: depth == 0 ? part : "\(name).\(part)", depth: depth + 1, &visits, &found)
      }
    case .tuple, .list, .storage, nil: break
    }
  }
}
