import Foundation

/// A run's curves as CSV and as a gnuplot script.
public struct Curves: Sendable {
  /// The curves, a line an epoch.
  public let records: [EpochRecord]
  /// The plot's title.
  public let title: String

  /// Makes curves.
  public init(records: [EpochRecord], title: String) {
    self.records = records
    self.title = title
  }

  /// The curves as CSV: epoch, time learned in s, pulses, then the error in V^2 and the accuracy for
  /// training, test and all samples; what does not exist is left empty.
  public var csv: String {
    var text =
      "epoch,learned_s,pulses,error_train_V2,error_test_V2,error_all_V2,"
      + "accuracy_train,accuracy_test,accuracy_all\n"
    func field(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for record in records {
      let measures = [record.training, record.testing, record.all]
      let numbers =
        [field(record.learned), "\(record.pulses)"] + measures.map { field($0?.error) }
        + measures.map { field($0?.accuracy) }
      text += "\(record.epoch)," + numbers.joined(separator: ",") + "\n"
    }
    return text
  }

  /// A gnuplot script that reads `curves.csv` and writes `curves.png`, both in its own folder.
  public var gnuplot: String {
    let classified = records.contains { $0.training.accuracy != nil }
    let tested = records.contains { $0.testing != nil }
    // Gnuplot takes quotes and backslashes in a title for its own.
    let plain = title.filter { $0 != "'" && $0 != "\\" }
    let held = tested ? ", 'curves.csv' using 1:($5*1e6) with lines lw 2 title 'held out'" : ""
    var text = """
      set terminal pngcairo size 900,\(classified ? 720 : 420) font 'sans,11'
      set output 'curves.png'
      set datafile separator ','
      set key autotitle columnhead
      set multiplot layout \(classified ? 2 : 1),1 title '\(plain)' noenhanced
      set grid
      set xlabel 'epoch'
      set ylabel 'error (mV^2)'
      set logscale y
      plot 'curves.csv' using 1:($4*1e6) with lines lw 2 title 'training'\(held)

      """
    if classified {
      let share = tested ? ", 'curves.csv' using 1:($8*100) with lines lw 2 title 'held out'" : ""
      text += """
        unset logscale y
        set ylabel 'right (%)'
        set yrange [0:102]
        set key bottom right
        plot 'curves.csv' using 1:($7*100) with lines lw 2 title 'training'\(share)

        """
    }
    return text + "unset multiplot\n"
  }
}

extension RunDirectory {
  /// Draws a gnuplot script of this folder.
  /// - Returns: nothing when it was drawn, else why not.
  public func plot(script: String) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gnuplot", script]
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      return "gnuplot could not be started"
    }
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    switch process.terminationStatus {
    case 0: return nil
    case 127:
      return "gnuplot is not installed (Debian package gnuplot-nox); the script is \(file(script))"
    default: return "gnuplot failed: \(String(decoding: said.prefix(300), as: UTF8.self))"
    }
  }
}
