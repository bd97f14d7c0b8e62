/// Sizes of what is imperfect on a board: standard deviations of constants drawn once for each
/// device, unless said otherwise. Zero switches an imperfection off and changes no other draw.
///
/// A file says `imperfections: measured`, `none`, or a mapping of the entries that differ from
/// `measured`, in snake case (`update_bias: 0`); with `base: none` in it, from an ideal board.
public struct Imperfections: Sendable, Equatable, Codable {
  /// Root mean square of the bias B of a multiplier edge, in V/s, over edges.
  ///
  /// With `updateBiasMedian` it fixes the distribution B = +-m exp(sigma z), with z standard
  /// normal, both signs equally likely, m the median of |B| and sigma = sqrt(ln(rms / m)): most
  /// edges are better than the rms says and a few much worse. Both are 0 or rms >= median > 0.
  public var updateBias: Double
  /// Median of |B| over edges, in V/s.
  public var updateBiasMedian: Double
  /// Input offset of a comparator, in V. It acts on half the sum or difference.
  public var comparatorOffset: Double
  /// Largest magnitude of that offset, in V; draws beyond it are drawn again.
  public var comparatorOffsetLimit: Double
  /// Full width of a comparator's hysteresis, in V; the same for all.
  public var comparatorHysteresis: Double
  /// Relative spread of one averaging resistor.
  public var averageResistors: Double
  /// Threshold spread between chips, shared by the twins of an edge, in V.
  public var thresholdSpread: Double
  /// Relative strength spread between chips, shared by the twins of an edge.
  public var strengthSpread: Double
  /// Threshold deviation of each single transistor, independent in the twins, in V.
  public var thresholdMismatch: Double
  /// Relative strength deviation of each single transistor, independent in the twins.
  public var strengthMismatch: Double
  /// Offset between a clamp's voltage as asked and as it acts on the clamped twin, in V.
  public var clampOffset: Double
  /// Offset of an analog-to-digital converter, in V.
  public var adcOffset: Double
  /// Relative gain error of an analog-to-digital converter.
  public var adcGain: Double
  /// Integral nonlinearity of an analog-to-digital converter, in LSB.
  public var adcINL: Double
  /// Offset of a digital-to-analog converter, in V.
  public var dacOffset: Double
  /// Relative gain error of a digital-to-analog converter.
  public var dacGain: Double
  /// Integral nonlinearity of a digital-to-analog converter, in LSB.
  public var dacINL: Double
  /// Whether converters round to codes and measurements have the read noise of `converters`.
  public var quantise: Bool
  /// Least leakage current out of a gate capacitor, in A; each gate's is uniform between the two.
  public var leakLowest: Double
  /// Greatest leakage current out of a gate capacitor, in A.
  public var leakHighest: Double
  /// Temperature of the whole board above nominal, in K: not a deviation.
  public var temperatureRise: Double
  /// Greatest relative error of the drive supply; the error is uniform within it.
  public var supplyError: Double
  /// Ripple of the drive supply, in V: the standard deviation from pulse to pulse.
  public var supplyRipple: Double
  /// Mean lateness of a pulse's end, in s; exponentially distributed, drawn for each pulse.
  public var pulseJitter: Double
  /// Relative difference between the charge and the discharge resistance: not a deviation.
  public var driveImbalance: Double
  /// Relative spread of each edge's charge and discharge resistor.
  public var pathResistors = 0.0
  /// Relative spread of each edge's gate capacitor.
  public var gateCapacitors = 0.0
  /// Spread of the drop of each edge's charge and discharge diode, V.
  public var diodeDrop = 0.0

  /// Makes sizes; those left out are as measured.
  public init(
    updateBias: Double = 1.2, updateBiasMedian: Double = 0.4, comparatorOffset: Double = 3e-3,
    comparatorOffsetLimit: Double = 7e-3, comparatorHysteresis: Double = 3.3e-3,
    averageResistors: Double = 0.012, thresholdSpread: Double = 0.1, strengthSpread: Double = 0.1,
    thresholdMismatch: Double = 0.010, strengthMismatch: Double = 0.005,
    clampOffset: Double = 0.010, adcOffset: Double = 0.0003125, adcGain: Double = 0.0005,
    adcINL: Double = 1, dacOffset: Double = 0.0002, dacGain: Double = 0.001, dacINL: Double = 2,
    quantise: Bool = true, leakLowest: Double = 5e-9, leakHighest: Double = 10e-9,
    temperatureRise: Double = 0, supplyError: Double = 0.01, supplyRipple: Double = 0,
    pulseJitter: Double = 5e-6, driveImbalance: Double = 0, pathResistors: Double = 0,
    gateCapacitors: Double = 0, diodeDrop: Double = 0
  ) {
    self.updateBias = updateBias
    self.updateBiasMedian = updateBiasMedian
    self.comparatorOffset = comparatorOffset
    self.comparatorOffsetLimit = comparatorOffsetLimit
    self.comparatorHysteresis = comparatorHysteresis
    self.averageResistors = averageResistors
    self.thresholdSpread = thresholdSpread
    self.strengthSpread = strengthSpread
    self.thresholdMismatch = thresholdMismatch
    self.strengthMismatch = strengthMismatch
    self.clampOffset = clampOffset
    self.adcOffset = adcOffset
    self.adcGain = adcGain
    self.adcINL = adcINL
    self.dacOffset = dacOffset
    self.dacGain = dacGain
    self.dacINL = dacINL
    self.quantise = quantise
    self.leakLowest = leakLowest
    self.leakHighest = leakHighest
    self.temperatureRise = temperatureRise
    self.supplyError = supplyError
    self.supplyRipple = supplyRipple
    self.pulseJitter = pulseJitter
    self.driveImbalance = driveImbalance
    self.pathResistors = pathResistors
    self.gateCapacitors = gateCapacitors
    self.diodeDrop = diodeDrop
  }

  /// Sizes as measured on real boards and given in data sheets; the converter offset is 1.25 LSB of
  /// 12 bits at 1.024 V.
  public static let measured = Imperfections()

  /// An ideal board.
  public static let none = Imperfections(
    updateBias: 0, updateBiasMedian: 0, comparatorOffset: 0, comparatorOffsetLimit: 0,
    comparatorHysteresis: 0, averageResistors: 0, thresholdSpread: 0, strengthSpread: 0,
    thresholdMismatch: 0, strengthMismatch: 0, clampOffset: 0, adcOffset: 0, adcGain: 0, adcINL: 0,
    dacOffset: 0, dacGain: 0, dacINL: 0, quantise: false, leakLowest: 0, leakHighest: 0,
    temperatureRise: 0, supplyError: 0, supplyRipple: 0, pulseJitter: 0, driveImbalance: 0)
}

extension Imperfections {
  /// Reads sizes; those of older runs know no spread of the gates' paths.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    updateBias = try values.decode(Double.self, forKey: .updateBias)
    updateBiasMedian = try values.decode(Double.self, forKey: .updateBiasMedian)
    comparatorOffset = try values.decode(Double.self, forKey: .comparatorOffset)
    comparatorOffsetLimit = try values.decode(Double.self, forKey: .comparatorOffsetLimit)
    comparatorHysteresis = try values.decode(Double.self, forKey: .comparatorHysteresis)
    averageResistors = try values.decode(Double.self, forKey: .averageResistors)
    thresholdSpread = try values.decode(Double.self, forKey: .thresholdSpread)
    strengthSpread = try values.decode(Double.self, forKey: .strengthSpread)
    thresholdMismatch = try values.decode(Double.self, forKey: .thresholdMismatch)
    strengthMismatch = try values.decode(Double.self, forKey: .strengthMismatch)
    clampOffset = try values.decode(Double.self, forKey: .clampOffset)
    adcOffset = try values.decode(Double.self, forKey: .adcOffset)
    adcGain = try values.decode(Double.self, forKey: .adcGain)
    adcINL = try values.decode(Double.self, forKey: .adcINL)
    dacOffset = try values.decode(Double.self, forKey: .dacOffset)
    dacGain = try values.decode(Double.self, forKey: .dacGain)
    dacINL = try values.decode(Double.self, forKey: .dacINL)
    quantise = try values.decode(Bool.self, forKey: .quantise)
    leakLowest = try values.decode(Double.self, forKey: .leakLowest)
    leakHighest = try values.decode(Double.self, forKey: .leakHighest)
    temperatureRise = try values.decode(Double.self, forKey: .temperatureRise)
    supplyError = try values.decode(Double.self, forKey: .supplyError)
    supplyRipple = try values.decode(Double.self, forKey: .supplyRipple)
    pulseJitter = try values.decode(Double.self, forKey: .pulseJitter)
    driveImbalance = try values.decode(Double.self, forKey: .driveImbalance)
    pathResistors = try values.decodeIfPresent(Double.self, forKey: .pathResistors) ?? 0
    gateCapacitors = try values.decodeIfPresent(Double.self, forKey: .gateCapacitors) ?? 0
    diodeDrop = try values.decodeIfPresent(Double.self, forKey: .diodeDrop) ?? 0
  }
}
