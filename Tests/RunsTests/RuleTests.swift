import Foundation
import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble

/// Rules by name, the abilities they need, and what becomes of their numbers.
@Suite struct RuleTests {
  private func refusal(_ rule: RuleSettings, on board: String) throws -> String? {
    let description = try shippedBoard(board)
    do {
      _ = try Session<DirectBoard>(
        description: description, task: try shippedTask("iris"),
        plan: Plan(rule: rule, epochs: 1, seed: 1))
      return nil
    } catch let error as SessionError { return error.description }
  }

  @Test(arguments: RuleSettings.Name.allCases)
  func `comparator edges follow every rule`(_ name: RuleSettings.Name) throws {
    #expect(try refusal(RuleSettings(name: name, update: .comparator), on: "lattice") == nil)
  }

  @Test(arguments: [RuleSettings.Name.centred, .centredOverclamped])
  func `multiplier edges refuse centred rules by name`(_ name: RuleSettings.Name) throws {
    let message = try refusal(
      RuleSettings(name: name, update: .multiplier), on: "lattice-multiplier")
    #expect(message?.contains("'\(name.rawValue)'") == true)
    #expect(message?.contains("'lattice-multiplier'") == true)
    #expect(message?.contains("the sign of the contrast at every edge") == true)
    #expect(message?.contains("a drive of its own for every edge") == true)
  }

  @Test func `multiplier edges cannot take part by chance`() throws {
    for name in [RuleSettings.Name.coupled, .overclamped] {
      #expect(
        try refusal(RuleSettings(name: name, update: .multiplier), on: "lattice-multiplier")
          == nil)
      let message = try refusal(
        RuleSettings(name: name, update: .multiplier, probability: 0.5), on: "lattice-multiplier")
      #expect(message?.contains("'\(name.rawValue)'") == true)
      #expect(message?.contains("a drive of its own for every edge") == true)
      #expect(message?.contains("sign of the contrast") == false)
    }
  }

  @Test func `names become the firmware's rules`() throws {
    let board = try shippedBoard("lattice")
    func rule(_ name: RuleSettings.Name) -> Rule {
      RuleSettings(name: name, update: .comparator, nudge: 0.25, pulse: 1e-3, probability: 0.5)
        .rule(on: board)
    }
    let quarter = Fraction(1, of: 4)
    #expect(rule(.coupled).nudge == .label(quarter) && rule(.coupled).contrast == .single)
    #expect(rule(.overclamped).nudge == .rail(quarter) && rule(.overclamped).contrast == .single)
    #expect(rule(.centred).nudge == .label(quarter) && rule(.centred).contrast == .centred)
    #expect(rule(.centredOverclamped).nudge == .rail(quarter))
    #expect(rule(.centredOverclamped).contrast == .centred)
    #expect(rule(.coupled).length == .error(.milliseconds(1)))
    #expect(rule(.coupled).probability == Fraction(1, of: 2))
    #expect(rule(.coupled).lowest == .zero && rule(.coupled).highest == .millivolts(453))
    var settings = RuleSettings(name: .coupled, update: .comparator, pulse: 1e-3, fixedPulse: true)
    #expect(settings.rule(on: board).length == .fixed(.milliseconds(1)))
    #expect(settings.rule(on: board, factor: 0.25).length == .fixed(.microseconds(250)))
    settings.probability = 1
    #expect(settings.rule(on: board).probability == .largest)
  }

  @Test func `overclamping nudges by 32 parts of 129`() {
    #expect(RuleSettings(name: .overclamped, update: .comparator).nudge == 32.0 / 129)
    let plain = RuleSettings(name: .centredOverclamped, update: .comparator, dithered: false)
    #expect(plain.nudge == 32.0 / 129)
    #expect(plain.probability == 0.5)
    #expect(plain.deadBand == 0)
  }

  @Test func `centred rules are balanced, and their nudge is dithered, on comparator edges alone`()
  {
    let usual = RuleSettings(update: .comparator)
    #expect(usual.name == .centredOverclamped)
    #expect(usual.balanced && usual.dithered)
    #expect(usual.nudge == 1 && usual.probability == 1 && usual.deadBand == 1e-3)
    let multiplier = RuleSettings(update: .multiplier)
    #expect(!multiplier.balanced && !multiplier.dithered && multiplier.deadBand == 0)
    #expect(!RuleSettings(name: .coupled, update: .comparator).dithered)
  }

  @Test func `settings of before dither read as without it`() throws {
    let old = """
      {"name": "centred-overclamped", "nudge": 0.25, "pulse": 0.02, "fixedPulse": false, \
      "probability": 0.5, "deadBand": 0, "balanced": false, "weighted": false, "normalised": false}
      """
    let read = try JSONDecoder().decode(RuleSettings.self, from: Data(old.utf8))
    #expect(!read.dithered && read.nudge == 0.25)
  }

  @Test func `pulses shrink straight down to their last share`() {
    let plan = Plan(
      rule: RuleSettings(update: .comparator), epochs: 5, seed: 1, lastPulse: 0.2)
    let factors = (0..<5).map { plan.factor(epoch: $0) }
    for (found, expected) in zip(factors, [1, 0.8, 0.6, 0.4, 0.2]) {
      #expect(abs(found - expected) < 1e-12)
    }
    #expect(
      Plan(rule: plan.rule, epochs: 1, seed: 1, lastPulse: 0.2).factor(epoch: 0) == 1)
  }
}
