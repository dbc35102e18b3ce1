import Foundation

/// How much memory the process may still take.
public struct MemoryLimit: Hashable, Sendable {
  /// Bytes.
  public var available: Int
  /// Who sets the limit: "the machine", "the control group", "ulimit -v".
  public var source: String

  /// The tightest of what the machine has left, what the control group (version 1 or 2) allows and
  /// what the address-space limit allows. Nil where the system tells none of them.
  ///
  /// - Parameter root: where `proc` and `sys` lie; another place in tests.
  public static func current(root: String = "/") -> MemoryLimit? {
    [machine(root), controlGroup(root), addressSpace(root)].compactMap { $0 }
      .min { $0.available < $1.available }
  }

  private static func machine(_ root: String) -> MemoryLimit? {
    guard let text = contents(root + "proc/meminfo"),
      let kibibytes = field("MemAvailable:", in: text)
    else { return nil }
    return MemoryLimit(available: kibibytes << 10, source: "the machine")
  }

  private static func addressSpace(_ root: String) -> MemoryLimit? {
    var limit = rlimit()
    #if canImport(Darwin)
      let code = getrlimit(RLIMIT_AS, &limit)
    #else
      let code = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #endif
    guard code == 0, limit.rlim_cur < UInt64(Int.max) else { return nil }
    let used = contents(root + "proc/self/status").flatMap { field("VmSize:", in: $0) } ?? 0
    return MemoryLimit(
      available: max(0, Int(limit.rlim_cur) - used << 10), source: "the limit on addresses")
  }

  /// The tightest limit of the process's group and of the groups above it.
  private static func controlGroup(_ root: String) -> MemoryLimit? {
    guard let membership = contents(root + "proc/self/cgroup") else { return nil }
    var tightest: Int?
    for line in membership.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let files: (base: String, limit: String, usage: String, inactive: String)
      if parts[0] == "0" {
        files = ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
      } else if parts[1].split(separator: ",").contains("memory") {
        files = (
          "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
          "total_inactive_file"
        )
      } else {
        continue
      }
      // In a container the path may be the host's, which is not visible: the mount's root counts.
      var group = parts[2].split(separator: "/")
      while true {
        let folder = root + ([files.base] + group.map(String.init)).joined(separator: "/")
        if let limit = contents("\(folder)/\(files.limit)").flatMap(number),
          let usage = contents("\(folder)/\(files.usage)").flatMap(number)
        {
          // File pages that nobody used lately are given up when memory runs short.
          let idle = contents("\(folder)/memory.stat").flatMap { field(files.inactive, in: $0) }
          let left = max(0, limit - usage + (idle ?? 0))
          tightest = min(tightest ?? left, left)
        }
        if group.isEmpty { break }
        group.removeLast()
      }
    }
    return tightest.map { MemoryLimit(available: $0, source: "the control group") }
  }

  private static func contents(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  private static func number(_ text: String) -> Int? {
    // Version 1 says "no limit" as a number near the largest one.
    Int(text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap { $0 < 1 << 60 ? $0 : nil }
  }

  private static func field(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count >= 2, words[0] == name { return Int(words[1]) }
    }
    return nil
  }
}
