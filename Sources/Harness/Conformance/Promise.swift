/// What every learning board promises to whoever calls it, be it a double or a real board.
package enum Promise: String, CaseIterable, Sendable {
  case targetsLieBetweenTheSources
  case targetsFollowASourceMonotonically
  case clampingChangesComparisonsAndReleasingFrees
  case clampingLeavesTheFreeTwinAlone
  case chargingRaisesAndDischargingLowersTheConductance
  case holdingKeepsTheGates
  case longerPulsesMoveFurther
  case whatStandsIsNotSetAgain
  case pulsesLastAtLeastTheirWidth
  case theClockNeverGoesBack
  case channelsOutsideAreIgnored
  case spansOfAnyLengthMayBeLent
  case theTimerEndsALongPulse

  /// The promise in words.
  package var words: String {
    switch self {
    case .targetsLieBetweenTheSources: "every target lies between the sources"
    case .targetsFollowASourceMonotonically: "while a source rises no target falls"
    case .clampingChangesComparisonsAndReleasingFrees:
      "a clamp turns a comparison, and its release turns it back"
    case .clampingLeavesTheFreeTwinAlone: "a clamp leaves the free twin alone"
    case .chargingRaisesAndDischargingLowersTheConductance:
      "charging raises a conductance, discharging lowers it"
    case .holdingKeepsTheGates: "a pulse that holds moves no gate"
    case .longerPulsesMoveFurther: "the longer a pulse, the further it moves"
    case .whatStandsIsNotSetAgain: "a converter that stands at a code is not set to it again"
    case .pulsesLastAtLeastTheirWidth: "a pulse lasts what was asked for, or longer"
    case .theClockNeverGoesBack: "the clock never goes back"
    case .channelsOutsideAreIgnored: "channels that are not there are ignored"
    case .spansOfAnyLengthMayBeLent: "lists of any length may be lent"
    case .theTimerEndsALongPulse: "the one-shot ends what lasts too long"
    }
  }
}
