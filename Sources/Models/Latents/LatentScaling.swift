import Tensor

/// Between an autoencoder's own latents and those a diffusion model is given.
public enum LatentScaling: Hashable, Sendable {
  /// `(latent − shift)·scale`: the two KL models.
  case multiply(scale: Float, shift: Float)
  /// `latent / factor`: Video DC-AE (`scaling_factor`).
  case divide(by: Float)

  /// The factor as the family's configuration has it.
  public var scaleFactor: Float {
    switch self {
    case .multiply(let scale, _): scale
    case .divide(let factor): factor
    }
  }

  public var shiftFactor: Float {
    if case .multiply(_, let shift) = self { shift } else { 0 }
  }

  /// Scales an encoder's latents for a diffusion model.
  public func toDiffusion(_ latents: Tensor) -> Tensor {
    switch self {
    case .multiply(let scale, let shift): latents.mapped { scale * ($0 - shift) }
    case .divide(let factor): latents.mapped { $0 / factor }
    }
  }

  /// Undoes ``toDiffusion(_:)``.
  public func fromDiffusion(_ latents: Tensor) -> Tensor {
    switch self {
    case .multiply(let scale, let shift): latents.mapped { $0 / scale + shift }
    case .divide(let factor): latents.mapped { $0 * factor }
    }
  }
}

extension Tensor {
  fileprivate func mapped(_ body: (Float) -> Float) -> Tensor {
    var result = self
    result.withMutableValues { values in
      for i in values.indices { values[i] = body(values[i]) }
    }
    return result
  }
}
