import Foundation

/// Text made safe to stand in HTML and SVG, and numbers as people read them.
enum HTMLText {
  /// The text with the five special characters as entities; fit for elements and attributes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A relative path as a URL; everything but letters, digits, "/", "-", ".", "_" is encoded.
  static func url(_ path: String) -> String {
    let plain = CharacterSet(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._")
    return path.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  /// The number with `digits` after the point; a dash where there is none.
  static func number(_ value: Double?, digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? "–"
  }
}
