import Arrays
import Bundling
import CommandLineKit
import DeviceCommands
import Importers

/// The options of every command that reads a model file.
enum ModelOptions {
  static let specs: [OptionSpec] = [
    .value(
      "state", "INPUT=OUTPUT",
      "an input that is this output of the run before, by name if not said; or, alone, a variable tensor "
        + "that a layer over sequences keeps",
      repeatable: true),
    .flag("no-state", "every input is data, whatever its name"),
    .value(
      "constant", "NAME=VALUE", "an input that is always this number, or the array of a .npy file",
      repeatable: true),
  ]

  /// How the model is to be read.
  static func reading(_ parsed: ParsedArguments) throws(CommandFailure) -> ModelReading {
    var reading = ModelReading()
    for text in parsed.values("--state") {
      guard text.contains("=") else {
        reading.states.variables.append(text)
        continue
      }
      let (input, output) = try split(text, "--state", "INPUT=OUTPUT")
      reading.states.declared.append(StateRequest.Pair(input: input, output: output))
    }
    if parsed.flag("--no-state") {
      guard reading.states == ModelReading().states else {
        throw CommandFailure(.usage, "--state and --no-state exclude each other")
      }
      reading.states = .none
    }
    for text in parsed.values("--constant") {
      let (name, value) = try split(text, "--constant", "NAME=VALUE")
      guard reading.constants[name] == nil else {
        throw CommandFailure(.usage, "--constant binds \(name) twice")
      }
      reading.constants[name] = try constant(value)
    }
    return reading
  }

  /// How a recipe wants its model read.
  static func reading(
    _ recipe: Recipe, _ file: (String) -> String
  ) throws(CommandFailure) -> ModelReading {
    var reading = ModelReading()
    if let states = recipe.states {
      reading.states = .none
      for state in states {
        guard let output = state.output else {
          reading.states.variables.append(state.input)
          continue
        }
        var pair = StateRequest.Pair(input: state.input, output: output)
        if let initial = state.initial {
          let array = try HostEnvironment.array(file(initial))
          do throws(PackError) {
            pair.initial = try ModelReading.tensor(.array(array), state.input)
          } catch {
            throw CommandFailure(error.exitCode, error.message, hint: error.hint)
          }
        }
        reading.states.declared.append(pair)
      }
    }
    for constant in recipe.constants ?? [] {
      switch (constant.value, constant.file) {
      case (let value?, nil): reading.constants[constant.input] = .number(value)
      case (nil, let path?):
        reading.constants[constant.input] = .array(try HostEnvironment.array(file(path)))
      default:
        throw CommandFailure(
          .failed, "constants.\(constant.input) wants a value or a file, one of them")
      }
    }
    return reading
  }

  /// The numbers of a file that tells recordings apart.
  static func groups(_ path: String) throws(CommandFailure) -> [Int64] {
    let array = try HostEnvironment.array(path)
    do throws(ArrayError) {
      return try array.asInt64()
    } catch {
      throw CommandFailure(.failed, "\(path): \(error.message)")
    }
  }

  /// True when one of the options is given.
  static func areGiven(_ parsed: ParsedArguments) -> Bool {
    parsed.flag("--no-state") || !parsed.values("--state").isEmpty
      || !parsed.values("--constant").isEmpty
  }

  /// A number, or the name of an array file.
  static func constant(_ text: String) throws(CommandFailure) -> BoundValue {
    if let number = Double(text) { return .number(number) }
    return .array(try HostEnvironment.array(text))
  }

  /// Names may have an equals sign themselves; what follows the last one is the value.
  private static func split(
    _ text: String, _ option: String, _ form: String
  ) throws(CommandFailure) -> (String, String) {
    guard let sign = text.lastIndex(of: "="), sign > text.startIndex,
      text.index(after: sign) < text.endIndex
    else { throw CommandFailure(.usage, "\(option) wants \(form), not '\(text)'") }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }
}
