import SystemPackage

/// Parts of a path. (Those of `NSString` trap on names of a single character.)
extension String {
  /// The folder that holds the file; empty for the working folder.
  package var parentFolder: String { FilePath(self).removingLastComponent().string }

  /// The last component, empty where there is none.
  package var fileName: String { FilePath(self).lastComponent?.string ?? "" }

  /// The last component without its extension.
  package var fileStem: String { FilePath(self).stem ?? "" }

  /// The extension in lower case, without its point; empty where there is none.
  package var fileExtension: String { FilePath(self).extension?.lowercased() ?? "" }

  /// `path` below this folder.
  package func appendingPath(_ path: String) -> String { FilePath(self).appending(path).string }
}
