import Portable

/// What a random draw is for. With the seed and a device number it keys the draw, so that switching
/// one imperfection off, or asking in another order, changes no other.
enum Purpose: UInt32 {
  case thresholdSpread = 1
  case strengthSpread = 2
  case thresholdMismatch = 3
  case strengthMismatch = 4
  case comparatorOffset = 5
  case average = 6
  case clampOffset = 7
  case adcOffset = 8
  case adcGain = 9
  case adcCurve = 10
  case adcNoise = 11
  case dacOffset = 12
  case dacGain = 13
  case dacCurve = 14
  case leak = 15
  case supply = 16
  case ripple = 17
  case jitter = 18
  case bias = 19
  case floating = 20
  case wiringMistake = 21
  case pathResistor = 22
  case gateCapacitor = 23
  case diodeDrop = 24
  case lateTick = 25
  case pace = 26

  /// The draws of this purpose for a device.
  func draw(_ seed: UInt64, _ device: Int) -> Draw {
    Draw(seed: seed, purpose: rawValue, device: UInt32(truncatingIfNeeded: device))
  }
}
