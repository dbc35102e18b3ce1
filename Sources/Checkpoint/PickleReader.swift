/// Runs a pickle's instructions, of which only those are known that tensors need.
///
/// Everything that grows is bounded by the pickle's size and by limits of its own. Source:
/// https://github.com/python/cpython/blob/3.13/Lib/pickletools.py
package struct PickleReader {
  /// Largest pickle, in bytes; a checkpoint spends about 150 on a tensor.
  package static let maximumSize = 32 << 20
  private static let maximumCount = 1 << 20

  private var fields: FieldReader
  private var pickle = Pickle()
  private var stack: [PickleValue] = []
  /// Heights of the stack at which a list of arguments begins.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// Reads the one object that `bytes` describe. Throws ``FormatProblem``.
  package static func read(_ bytes: UnsafeRawBufferPointer) throws -> Pickle {
    guard bytes.count <= maximumSize else {
      throw FormatProblem("has a pickle of \(bytes.count) bytes; at most \(maximumSize) are read")
    }
    var reader = PickleReader(fields: FieldReader(bytes, 0..<bytes.count))
    return try reader.run()
  }

  private init(fields: FieldReader) {
    self.fields = fields
  }

  private mutating func run() throws -> Pickle {
    while true {
      let place = fields.offset
      let instruction = try fields.u8()
      if instruction == UInt8(ascii: ".") { break }
      guard try execute(instruction) else {
        throw FormatProblem(
          "has pickle instruction 0x\(String(instruction, radix: 16)) at byte \(place), "
            + "which is refused; tensors do not need it")
      }
      guard stack.count <= Self.maximumCount, memo.count <= Self.maximumCount else {
        throw FormatProblem("has a pickle of more than \(Self.maximumCount) objects")
      }
    }
    pickle.root = try pop()
    guard stack.isEmpty, fields.isAtEnd else {
      throw FormatProblem("has a pickle of more than one object")
    }
    return pickle
  }

  /// Runs one instruction; false when it is not known.
  private mutating func execute(_ instruction: UInt8) throws -> Bool {
    switch UnicodeScalar(instruction) {
    case "\u{80}": try fields.skip(1)  // protocol
    case "\u{95}": try fields.skip(8)  // frame
    case "N": stack.append(.none)
    case "\u{88}": stack.append(.bool(true))
    case "\u{89}": stack.append(.bool(false))
    case "J": stack.append(.integer(Int(Int32(bitPattern: try fields.u32()))))
    case "K": stack.append(.integer(Int(try fields.u8())))
    case "M": stack.append(.integer(Int(try fields.u16())))
    case "\u{8a}": stack.append(.integer(try longInteger()))
    case "G": stack.append(.number(Double(bitPattern: try fields.u64().byteSwapped)))
    case "X": stack.append(.text(try fields.text(Int(try fields.u32()))))
    case "\u{8c}": stack.append(.text(try fields.text(Int(try fields.u8()))))
    case "(": marks.append(stack.count)
    case ")": push(.tuple([]))
    case "\u{85}": push(.tuple(try pop(1)))
    case "\u{86}": push(.tuple(try pop(2)))
    case "\u{87}": push(.tuple(try pop(3)))
    case "t": push(.tuple(try popToMark()))
    case "]": push(.list([]))
    case "}": push(.dictionary([]))
    case "a": try append(pop(1))
    case "e": try append(popToMark())
    case "s": try set(pop(2))
    case "u": try set(popToMark())
    case "q": memo[Int(try fields.u8())] = try top()
    case "r": memo[Int(try fields.u32())] = try top()
    case "\u{94}": memo[memo.count] = try top()
    case "h": stack.append(try remembered(Int(try fields.u8())))
    case "j": stack.append(try remembered(Int(try fields.u32())))
    case "c": stack.append(.global(try PickleGlobal(module: fields.line(), name: fields.line())))
    case "\u{93}": try stackGlobal()
    case "Q": try loadStorage()
    case "R": try reduce()
    case "b": try build()
    default: return false
    }
    return true
  }

  // MARK: The stack

  private mutating func push(_ node: Pickle.Node) {
    stack.append(.node(pickle.nodes.count))
    pickle.nodes.append(node)
  }

  /// The lowest height that instructions may pop to.
  private var floor: Int { marks.last ?? 0 }

  private func top() throws -> PickleValue {
    guard stack.count > floor, let value = stack.last else { throw tooFew }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - floor >= count else { throw tooFew }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard !marks.isEmpty else { throw tooFew }
    let values = try pop(stack.count - floor)
    marks.removeLast()
    return values
  }

  private var tooFew: FormatProblem {
    FormatProblem("has a broken pickle: an instruction at byte \(fields.offset) lacks its operands")
  }

  private func broken(_ what: String) -> FormatProblem {
    FormatProblem("has a broken pickle at byte \(fields.offset): \(what)")
  }

  private func remembered(_ index: Int) throws -> PickleValue {
    guard let value = memo[index] else { throw broken("nothing is remembered as \(index)") }
    return value
  }

  /// Up to eight bytes of a signed number.
  private mutating func longInteger() throws -> Int {
    let size = Int(try fields.u8())
    guard size <= 8 else { throw broken("an integer of \(size) bytes; at most 8 are read") }
    guard size > 0 else { return 0 }
    var bits: UInt64 = 0
    for i in 0..<size { bits |= UInt64(try fields.u8()) << (8 * i) }
    let unused = 64 - 8 * size
    return Int(Int64(bitPattern: bits << unused) >> unused)
  }

  // MARK: Containers

  private mutating func append(_ values: [PickleValue]) throws {
    guard case .node(let index) = try top(), case .list(var list) = pickle.nodes[index] else {
      throw broken("values are appended to what is no list")
    }
    pickle.nodes[index] = .list([])  // so that the list is changed in place
    list += values
    pickle.nodes[index] = .list(list)
  }

  private mutating func set(_ values: [PickleValue]) throws {
    guard case .node(let index) = try top(), values.count.isMultiple(of: 2),
      case .dictionary(var members) = pickle.nodes[index]
    else { throw broken("keys and values are set in what is no dictionary") }
    pickle.nodes[index] = .dictionary([])  // so that the members are changed in place
    for i in stride(from: 0, to: values.count, by: 2) {
      members.append((values[i], values[i + 1]))
    }
    pickle.nodes[index] = .dictionary(members)
  }

  // MARK: Objects

  private mutating func stackGlobal() throws {
    let names = try pop(2)
    guard case .text(let module) = names[0], case .text(let name) = names[1] else {
      throw broken("a global's name is no text")
    }
    stack.append(.global(try PickleGlobal(module: module, name: name)))
  }

  /// `("storage", type, key, location, element count)`, as `torch.save` refers to storages.
  private mutating func loadStorage() throws {
    guard case .tuple(let id) = pickle.node(try pop()), id.count == 5,
      case .text("storage") = id[0], case .global(.storage(let dtype)) = id[1],
      case .text(let key) = id[2], case .text = id[3], case .integer(let count) = id[4], count >= 0
    else { throw broken("a storage must be (\"storage\", type, key, location, count)") }
    push(.storage(PickleStorage(dtype: dtype, key: key, count: count)))
  }

  private mutating func reduce() throws {
    let call = try pop(2)
    guard case .global(let function) = call[0], case .tuple(let arguments) = pickle.node(call[1])
    else { throw broken("what is called is no function, or not with a tuple") }
    switch function {
    case .orderedDictionary:
      guard arguments.isEmpty else { throw broken("OrderedDict takes no arguments here") }
      push(.dictionary([]))
    case .rebuildTensor: push(.tensor(try tensor(arguments)))
    case .rebuildParameter:
      guard let data = arguments.first, case .tensor = pickle.node(data) else {
        throw broken("_rebuild_parameter takes a tensor")
      }
      stack.append(data)
    case .storage: throw broken("a storage type is called")
    }
  }

  /// `(storage, offset, shape, strides, requires_grad, hooks, …)`
  private func tensor(_ arguments: [PickleValue]) throws -> PickleTensor {
    guard 6...7 ~= arguments.count, case .storage(let storage) = pickle.node(arguments[0]),
      case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
      let strides = integers(arguments[3])
    else { throw broken("_rebuild_tensor_v2 takes a storage, an offset, a shape and strides") }
    return try PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let values) = pickle.node(value) else { return nil }
    let integers = values.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// Attributes of a dictionary, as `state_dict()` has `_metadata`, are dropped.
  private mutating func build() throws {
    _ = try pop()
    guard case .dictionary = pickle.node(try top()) else {
      throw broken("attributes are set on what is no dictionary")
    }
  }
}
