import Elements

extension Fields {
  /// Puts every number given in the file in place of the one in `value`.
  func read<Root>(
    _ quantities: [Quantity<Root>], into value: inout Root
  ) throws(DescriptionError) {
    for quantity in quantities {
      guard let node = self[quantity.key] else { continue }
      value[keyPath: quantity.path] = try node.number(in: quantity.allowed, unit: quantity.unit)
    }
  }
}

extension GateDescription {
  static let tapsAllowed = 2...65536

  static var quantities: [Quantity<GateDescription>] {
    [
      Quantity("ohms", \.ohms, 1...1e9, "ohm"),
      Quantity("farads", \.farads, 1e-12...1, "F"),
      Quantity("supply", \.supply, 0.5...15, "V"),
      Quantity("reference", \.reference, 1e-3...10, "V"),
      Quantity("diode_saturation", \.diodeSaturation, 1e-18...1e-3, "A"),
      Quantity("diode_ideality", \.diodeIdeality, 0.5...5),
      Quantity("minimum", \.minimum, 0...15, "V"),
      Quantity("maximum", \.maximum, 0...15, "V"),
      Quantity("rail_low", \.railLow, -15...15, "V"),
      Quantity("rail_high", \.railHigh, -15...15, "V"),
      Quantity("initial", \.initial, 0...15, "V"),
      Quantity("gain", \.gain, 1e-3...1e3),
      Quantity("power_weight", \.powerWeight, 0...0.99),
    ]
  }
}

extension ConverterDescription {
  static let bitsAllowed = 4...24

  static var quantities: [Quantity<ConverterDescription>] {
    [
      Quantity("reference", \.reference, 0.1...5.5, "V"),
      Quantity("read_noise", \.readNoise, 0...0.1, "V"),
      Quantity("lowest", \.lowest, -5...0, "V"),
    ]
  }
}

extension TimingDescription {
  static var quantities: [Quantity<TimingDescription>] {
    [
      Quantity("operation", \.operation, 0...1, "s"),
      Quantity("settle", \.settle, 0...10, "s"),
      Quantity("pulse_limit", \.pulseLimit, 1e-4...10, "s"),
      Quantity("pulse_rest", \.pulseRest, 0...10, "s"),
      Quantity("conversion", \.conversion, 1e-5...10, "s"),
    ]
  }
}

extension Imperfections {
  static var quantities: [Quantity<Imperfections>] {
    [
      Quantity("update_bias", \.updateBias, 0...1000, "V/s"),
      Quantity("update_bias_median", \.updateBiasMedian, 0...1000, "V/s"),
      Quantity("comparator_offset", \.comparatorOffset, 0...1, "V"),
      Quantity("comparator_offset_limit", \.comparatorOffsetLimit, 0...1, "V"),
      Quantity("comparator_hysteresis", \.comparatorHysteresis, 0...1, "V"),
      Quantity("average_resistors", \.averageResistors, 0...0.3),
      Quantity("threshold_spread", \.thresholdSpread, 0...1, "V"),
      Quantity("strength_spread", \.strengthSpread, 0...0.3),
      Quantity("threshold_mismatch", \.thresholdMismatch, 0...1, "V"),
      Quantity("strength_mismatch", \.strengthMismatch, 0...0.3),
      Quantity("clamp_offset", \.clampOffset, 0...1, "V"),
      Quantity("adc_offset", \.adcOffset, 0...0.1, "V"),
      Quantity("adc_gain", \.adcGain, 0...0.1),
      Quantity("adc_inl", \.adcINL, 0...100, "LSB"),
      Quantity("dac_offset", \.dacOffset, 0...0.1, "V"),
      Quantity("dac_gain", \.dacGain, 0...0.1),
      Quantity("dac_inl", \.dacINL, 0...100, "LSB"),
      Quantity("leak_lowest", \.leakLowest, 0...1e-3, "A"),
      Quantity("leak_highest", \.leakHighest, 0...1e-3, "A"),
      Quantity("temperature_rise", \.temperatureRise, -100...125, "K"),
      Quantity("supply_error", \.supplyError, 0...0.3),
      Quantity("supply_ripple", \.supplyRipple, 0...1, "V"),
      Quantity("pulse_jitter", \.pulseJitter, 0...1, "s"),
      Quantity("drive_imbalance", \.driveImbalance, -0.5...0.5),
      Quantity("path_resistors", \.pathResistors, 0...0.3),
      Quantity("gate_capacitors", \.gateCapacitors, 0...0.3),
      Quantity("diode_drop", \.diodeDrop, 0...0.1, "V"),
    ]
  }
}
