/// The names of a batch's results below one folder, each of them once.
///
/// A result is called after its input, in the input's subfolder. Where another input has taken the
/// name before (`x/a.mp4` and `y/a.mov`), a number from 2 on is added: `a`, `a_2`. The order of the
/// inputs decides; upper and lower case count as the same, as on some disks they are.
public struct OutputNames: Sendable {
  private var taken: Set<String> = []

  public init() {}

  /// The path below the output folder, without extension, of the next input's result.
  public mutating func next(for input: BatchInput) -> String {
    let base = input.folder.isEmpty ? input.stem : "\(input.folder)/\(input.stem)"
    var (name, number) = (base, 2)
    while !taken.insert(name.lowercased()).inserted {
      name = "\(base)_\(number)"
      number += 1
    }
    return name
  }
}
