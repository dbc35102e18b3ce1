import Checkpoint
import Tensor

extension Subject {
  static func json() -> Subject {
    Subject(
      seeds: [#"{"a": [1, -2.5e1, true, false, null], "b": {"c": "x\n\u00e9\ud83d\ude00"}}"#]
        .map { Array($0.utf8) },
      tokens: jsonTokens,
      generate: { random in Array(Self.jsonText(&random, depth: 0).utf8) },
      parse: { _ = try StrictJSON.parse($0) })
  }

  static func safetensors() -> Subject {
    Subject(
      seeds: [
        safetensors(
          #"{"__metadata__":{"format":"pt"},"#
            + #""a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}"#, size: 10)
      ],
      tokens: jsonTokens + DType.allCases.map { Array($0.rawValue.utf8) },
      generate: { random in Self.safetensorsFile(&random) },
      parse: { input in
        let file = try input.withUnsafeBytes {
          try SafetensorsFile(file: MappedFile(copying: $0, name: "input"))
        }
        try Self.read(file.entries, file.file)
      })
  }

  static func pickle() -> Subject {
    let instructions = ".NJKMGX(]}tuesqrhjcQRb)".utf8.map { [$0] }
    let others: [[UInt8]] = [0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94].map {
      [$0]
    }
    return Subject(
      seeds: [
        tensorPickle(shape: [2, 3], strides: [3, 1]), tensorPickle(shape: [], strides: []),
      ],
      tokens: instructions + others + pickleTokens,
      generate: { random in
        (0..<random.pick(1..<60)).flatMap { _ -> [UInt8] in
          let piece = random.pick(random.once(in: 3) ? pickleTokens : instructions + others)
          return random.once(in: 4) ? piece + random.bytes(random.pick(1..<5)) : piece
        } + [0x2e]
      },
      parse: { input in
        _ = try input.withUnsafeBytes { try PickleReader.read($0) }.tensors()
      })
  }

  static func zip() -> Subject {
    Subject(
      seeds: [archive(tensorPickle(shape: [2, 3], strides: [3, 1]))],
      tokens: ["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "PK\u{6}\u{7}"]
        .map { Array($0.utf8) } + [[1, 0, 8, 0], [1, 0, 24, 0]]
        + [littleEndian(UInt32.max), littleEndian(UInt64.max)],
      generate: { random in
        let sizes = (0..<random.pick(0..<4)).map { _ in random.pick(-1..<4) }
        return archive(
          tensorPickle(
            shape: sizes, strides: sizes.map { _ in random.pick(0..<4) },
            offset: random.pick(0..<8)))
      },
      parse: { input in
        let file = try input.withUnsafeBytes {
          try TorchArchive(file: MappedFile(copying: $0, name: "input"))
        }
        try Self.read(file.entries, file.file)
      })
  }

  /// Reads all tensors, which together cannot be much larger than what refers to them.
  private static func read(_ entries: [TensorEntry], _ file: MappedFile) throws {
    for entry in entries {
      guard entry.byteCount <= file.count else {
        throw ImproperRefusal(description: "a tensor larger than its file")
      }
      let sum = entry.withBytes { $0.reduce(0) { $0 &+ UInt64($1) } }
      if entry.dtype.isFloatingPoint, sum == 0 { _ = try entry.float32() }
    }
  }

  // MARK: JSON

  private static let jsonTokens =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "null", "true", "1e999", "-0",
      "0.",
      "\u{feff}", "__metadata__", "\"a\":", "\"dtype\":", "\"shape\":", "\"data_offsets\":",
      "[0,0]",
    ].map { Array($0.utf8) } + [[0xff], [0xed, 0xa0, 0x80], [0]]

  private static func jsonText(_ random: inout Randomness, depth: Int) -> String {
    if random.once(in: 40) { return String(decoding: random.pick(jsonTokens), as: UTF8.self) }
    switch random.pick(0..<(depth < 6 ? 8 : 5)) {
    case 0: return random.pick(["null", "true", "false"])
    case 1: return String(random.pick(-300..<300))
    case 2: return "\(Double(bitPattern: random.next()))"
    case 3: return String(Int(truncatingIfNeeded: random.next()))
    case 4:
      return "\"" + random.pick(["", "a", "é", "\\n", "\\u0041", "\\ud83d\\ude00", "x\\"]) + "\""
    case 5, 6:
      let items = (0..<random.pick(0..<5)).map { _ in jsonText(&random, depth: depth + 1) }
      return "[" + items.joined(separator: random.pick([",", " , "])) + "]"
    default:
      let items = (0..<random.pick(0..<5)).map { i in
        "\"\(random.once(in: 9) ? 0 : i)\":" + jsonText(&random, depth: depth + 1)
      }
      return "{" + items.joined(separator: ",") + "}"
    }
  }

  // MARK: safetensors

  private static func safetensors(_ header: String, size: Int) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + header.utf8 + [UInt8](repeating: 0, count: size)
  }

  private static func safetensorsFile(_ random: inout Randomness) -> [UInt8] {
    var end = 0
    let records = (0..<random.pick(0..<6)).map { i in
      let dtype = random.pick(DType.allCases)
      let shape = (0..<random.pick(0..<4)).map { _ in random.pick(0..<4) }
      let begin = end + (random.once(in: 30) ? random.pick(-1..<2) : 0)
      end = begin + shape.reduce(dtype.size, *) + (random.once(in: 30) ? 1 : 0)
      return "\"\(i)\":{\"dtype\":\"\(dtype.rawValue)\",\"shape\":\(shape),"
        + "\"data_offsets\":[\(begin),\(end)]}"
    }
    return safetensors(
      "{\(records.shuffled(using: &random).joined(separator: ","))}",
      size: max(0, end + (random.once(in: 20) ? random.pick(-1..<2) : 0)))
  }

  // MARK: Pickles

  private static let pickleTokens: [[UInt8]] =
    [
      "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "cos\nsystem\n",
      "ctorch\nFloatStorage\n", "ctorch\nBoolStorage\n", "ctorch._utils\n_rebuild_parameter\n",
      "\u{7f}",
    ].map { Array($0.utf8) } + [
      [0x8c, 7] + Array("storage".utf8), [0x8c, 1, 0x30], [0x8c, 10] + Array("state_dict".utf8),
      [0x29, 0x52], [0x4b, 0], [0x4b, 1], [0x71, 0], [0x68, 0], [0x7d, 0x28], [0x85], [0x73],
      [0x8a, 8] + littleEndian(Int64.max),
    ]

  /// The pickle of a float tensor in a storage of 8.
  private static func tensorPickle(shape: [Int], strides: [Int], offset: Int = 0) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }
    func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + littleEndian(Int64(value)) }
    func tuple(_ items: [UInt8]) -> [UInt8] { [0x28] + items + [0x74] }
    let id =
      text("storage") + pickleTokens[3] + text("0") + text("cpu") + integer(8)
    let arguments =
      tuple(id) + [0x51] + integer(offset) + tuple(shape.flatMap(integer))
      + tuple(strides.flatMap(integer)) + [0x89] + pickleTokens[1] + [0x29, 0x52]
    return [0x80, 2, 0x7d] + text("state_dict") + [0x7d, 0x28] + text("a") + pickleTokens[0]
      + tuple(arguments) + [0x52, 0x75, 0x73, 0x2e]
  }

  private static func archive(_ pickle: [UInt8]) -> [UInt8] {
    var zip = ZipBuilder()
    zip.append("archive/data.pkl", pickle)
    zip.append("archive/byteorder", Array("little".utf8))
    zip.append("archive/data/0", [UInt8](repeating: 0, count: 32))
    return zip.bytes + zip.directory(at: zip.bytes.count)
  }
}
