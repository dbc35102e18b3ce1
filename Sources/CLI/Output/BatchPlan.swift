import ArgumentParser
import Codec
import Foundation

/// Which inputs a command works on, and where the result of each goes.
struct BatchPlan {
  /// An input and the place of its result.
  struct Item {
    let input: BatchInput
    let place: OutputPlace
  }

  let items: [Item]
  /// Several inputs, a folder or a list: goes on after failures and skips what is done.
  let isBatch: Bool

  /// - Parameters:
  ///   - arguments: files, folders and `@lists`.
  ///   - output: a file for one input, a folder for several; nil puts results beside the inputs.
  init(_ arguments: [String], kind: InputList.Kind, output: String?) throws {
    let inputs = try InputList.expand(arguments, kind: kind)
    isBatch = arguments.count > 1 || inputs != [BatchInput(path: arguments[0])]
    let isFolder = output.map { $0.hasSuffix("/") || Self.isFolder($0) } ?? false
    if isBatch, let output, !isFolder, FileManager.default.fileExists(atPath: output) {
      throw ValidationError("\(output): several inputs need a folder to write to")
    }
    if inputs.count > 1, output == "-" {
      throw ValidationError("-o -: standard output takes a single result")
    }
    if output == nil, inputs.contains(where: { $0.path == "-" }) {
      throw ValidationError("standard input has no name to call the result after; give -o FILE")
    }
    var names = OutputNames()
    let isIntoFolder = isBatch || isFolder
    items = inputs.map { input in
      let place: OutputPlace
      if let output {
        place = isIntoFolder ? .base(Self.join(output, names.next(for: input))) : .file(output)
      } else {
        let folder = input.path.parentFolder
        place = .base(Self.join(folder, input.stem))
      }
      return Item(input: input, place: place)
    }
  }

  /// What to do about outputs that are there already.
  func existing(overwrite: Bool) -> ExistingOutput {
    overwrite ? .overwrite : isBatch ? .resume : .refuse
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.appendingPath(name)
  }
}
