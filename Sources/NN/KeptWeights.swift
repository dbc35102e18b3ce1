/// Identity of a layer; weights packed for it are kept under it.
final class LayerIdentity {}

/// Packed weights that stay for a context's life.
final class KeptWeights {
  private struct Key: Hashable {
    var layer: ObjectIdentifier
    var layout: Int
  }

  /// Memory of one layer in one layout. Holds on to the layer, so that its identity stays its own.
  private final class Entry {
    let layer: LayerIdentity
    let pointer: UnsafeMutableRawPointer?

    init(layer: LayerIdentity, bytes: Int?) {
      self.layer = layer
      pointer = bytes.map { .allocate(byteCount: max($0, 64), alignment: 64) }
    }

    deinit { pointer?.deallocate() }
  }

  /// Bytes kept so far.
  private(set) var bytes = 0
  private let isPlanning: Bool
  private var entries: [Key: Entry] = [:]

  init(isPlanning: Bool) {
    self.isPlanning = isPlanning
  }

  /// The weights of `layer` in the layout of `packing`, made by `pack` at first; nil when planning.
  func weights(
    of layer: LayerIdentity, _ packing: WeightPacking,
    pack: (UnsafeMutableRawPointer?) throws -> Void
  ) throws -> UnsafeMutableRawPointer? {
    let key = Key(layer: ObjectIdentifier(layer), layout: packing.layout)
    if let entry = entries[key] { return entry.pointer }
    let entry = Entry(layer: layer, bytes: isPlanning ? nil : packing.bytes)
    try pack(entry.pointer)
    entries[key] = entry
    bytes += packing.bytes
    return entry.pointer
  }
}
