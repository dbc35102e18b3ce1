import Checkpoint
import Testing

@Suite struct StrictJSONTests {
  private func parse(_ text: String) throws -> JSONValue { try StrictJSON.parse(Array(text.utf8)) }

  @Test func everyKindOfValue() throws {
    let value = try parse(
      #" {"a": [1, -2.5e1, true, false, null], "b": {"c": "x\n\u00e9\ud83d\ude00\/"}} "#)
    let list: [JSONValue] = [.integer(1), .number(-25), .bool(true), .bool(false), .null]
    #expect(value == .object(["a": .array(list), "b": .object(["c": .string("x\né😀/")])]))
    #expect(try parse("[]") == .array([]))
    #expect(try parse("{}") == .object([:]))
    #expect(try parse("0") == .integer(0))
    #expect(try parse("1.0") == .number(1))
  }

  @Test func integersKeepAllDigits() throws {
    #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
    #expect(try parse("-9223372036854775808") == .integer(.min))
  }

  @Test(arguments: [
    ("", "ends where a value"), ("{", "a string must come"), ("[1,]", "a value must come"),
    ("{\"a\":1,}", "a string must come"), ("[1 2]", "a ',' or ']'"), ("{\"a\" 1}", "a ':'"),
    ("{\"a\":1,\"a\":2}", "key 'a' again"), ("{\"a\":1,\"\\u0061\":2}", "key 'a' again"),
    ("\u{feff}{}", "a value must come"), ("{} x", "text after the value"),
    ("{}{}", "text after the value"), ("01", "begin with 0"), ("+1", "a value must come"),
    ("1.", "digits must follow"), (".5", "a value must come"), ("1e", "digits must follow"),
    ("1e999", "too large"), ("9223372036854775808", "64 bits"), ("NaN", "a value must come"),
    ("Infinity", "a value must come"), ("-", "a value must come"), ("tru", "a value must come"),
    ("'a'", "a value must come"), ("\"a", "ends inside a string"), ("\"\\x\"", "unknown escape"),
    ("\"\\u12g4\"", "hexadecimal"), ("\"\\ud800\"", "lone surrogate"),
    ("\"\\ud800\\u0041\"", "lone surrogate"), ("\"\\udc00\"", "lone surrogate"),
    ("\"a\tb\"", "control character"), ("/**/1", "a value must come"),
    (String(repeating: "1", count: 65), "64 characters"),
  ])
  func malformedTextIsRefused(_ text: String, _ message: String) throws {
    let failure = try #require(failure { try parse(text) })
    #expect(failure.hasPrefix("JSON: not valid JSON at byte "))
    #expect(failure.contains(message), "\(failure)")
  }

  @Test(arguments: [
    [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80],
  ])
  func badUTF8IsRefused(_ bytes: [UInt8]) throws {
    let failure = failure { try StrictJSON.parse([0x22] + bytes + [0x22]) }
    #expect(failure?.contains("not valid UTF-8") == true)
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try parse(nested(64)) }
    #expect(failure { try parse(nested(65)) }?.contains("nested deeper") == true)
    #expect(failure { try parse(String(repeating: "[{\"a\":", count: 1 << 16)) } != nil)
  }

  @Test func messagesStayOnOneLine() throws {
    let failure = try #require(failure { try parse("{\"a\\n\\u001b[2J\":1,\"a\\n\\u001b[2J\":1}") })
    #expect(!failure.contains("\n") && !failure.contains("\u{1b}"))
  }
}
