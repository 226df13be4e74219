import CommandLineKit
import DeviceCommands
import Targets

/// `targets`.
enum TargetsCommand {
  static let command = Command(
    CommandSpec(name: "targets", summary: "list the devices a bundle can be certified for")
  ) { (_, console) throws(CommandFailure) in
    let folders = TargetCatalogue.folders(program: "/proc/self/exe")
    for name in TargetCatalogue.names(in: folders) {
      let target: Target
      do throws(TargetError) {
        target = try TargetCatalogue.load(name, from: folders)
      } catch {
        throw CommandFailure(.failed, error.reason)
      }
      let budgets = target.budgets
      console.out(
        "\(console.bold(name))  arena \(Quantity.bytes(budgets.arenaBytes)), flash \(Quantity.bytes(budgets.flashBytes)), RAM \(Quantity.bytes(budgets.ramBytes))"
      )
      console.out("    \(target.description)")
    }
  }
}
