// swift-tools-version: 6.2

import PackageDescription

// Every module, in the order of its layer. Device modules compile in both modes: normal for the
// host and its tests, Embedded for the device (Design, section 2).

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Tests run the integer kernels and the float reference over real models: those stay optimised in
/// debug builds too.
let hot: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// All a device needs besides its kernels: small rather than fast when built for one.
let small: [SwiftSetting] = strict + [.unsafeFlags(["-Osize"], .when(traits: ["Compact"]))]

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict,
  linker: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, swiftSettings: settings, linkerSettings: linker)
}

func deviceModule(
  _ name: String, _ dependencies: [Target.Dependency] = [], linker: [LinkerSetting] = []
) -> Target {
  module(name, dependencies, settings: small, linker: linker)
}

/// `files` are read by path, as users' files are, and not bundled.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], files: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], exclude: files,
    swiftSettings: strict)
}

func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: "\(name)Fuzzer", dependencies: ["FuzzHarness"], path: "Tests/Fuzzers/\(name)",
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

let device: [Target] = [
  .target(name: "CSystem", linkerSettings: [.linkedLibrary("m")]),
  .systemLibrary(name: "CSodium"),
  .systemLibrary(name: "CZstd"),
  deviceModule("System", ["CSystem"]),
  deviceModule("Wire"),
  deviceModule("CBOR", ["Wire"]),
  deviceModule("COSE", ["CBOR", "Wire"]),
  deviceModule("JSON", ["System", "Wire"]),
  deviceModule("Arrays", ["Wire"]),
  deviceModule("CommandLineKit", ["System"]),
  deviceModule("PlanFormat", ["Wire"]),
  // The warnings of C are errors too; -O2 in debug builds for the reason of `hot`.
  .target(
    name: "CMicrokernels",
    cSettings: [
      .unsafeFlags(["-Wall", "-Wextra", "-Werror"]),
      .unsafeFlags(["-O2"], .when(configuration: .debug)),
    ]),
  module("SignalChain", settings: hot),
  module("Kernels", ["CMicrokernels", "PlanFormat", "Wire"], settings: hot),
  module(
    "DeviceRuntime", ["CSystem", "Kernels", "PlanFormat", "SignalChain", "Wire"], settings: hot),
  module("DriftStatistics", ["CBOR", "Wire"], settings: hot),
  deviceModule(
    "BundleFormat", ["CBOR", "COSE", "DriftStatistics", "PlanFormat", "SignalChain", "Wire"]),
  deviceModule("DeltaCoding", ["BundleFormat", "Wire"]),
  deviceModule(
    "Sealing", ["BundleFormat", "COSE", "CSodium", "CZstd", "DeltaCoding", "Wire"],
    linker: [.linkedLibrary("sodium"), .linkedLibrary("zstd")]),
  deviceModule(
    "Telemetry", ["CBOR", "COSE", "CSystem", "DriftStatistics", "Sealing", "System", "Wire"]),
  deviceModule(
    "Installing",
    [
      "BundleFormat", "CBOR", "CSystem", "DeltaCoding", "DeviceRuntime", "Kernels", "PlanFormat",
      "Sealing", "System", "Wire",
    ]),
  deviceModule(
    "DeviceCommands",
    [
      "Arrays", "BundleFormat", "CBOR", "COSE", "CSystem", "CommandLineKit", "DeltaCoding",
      "DeviceRuntime", "DriftStatistics", "Installing", "JSON", "Kernels", "PlanFormat", "Sealing",
      "SignalChain",
      "System", "Telemetry", "Wire",
      .target(name: "Transport", condition: .when(traits: ["Networked"])),
    ]),
  .executableTarget(
    name: "swiftletd", dependencies: ["CSystem", "CommandLineKit", "DeviceCommands", "System"],
    swiftSettings: small + [.unsafeFlags(["-parse-as-library"])]),
]

let networked: [Target] = [
  .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
  module("Transport", ["CCurl", "Wire"]),
]

let host: [Target] = [
  .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
  module("ModelGraph", ["PlanFormat"], settings: hot),
  module("Operators", ["Kernels", "ModelGraph", "PlanFormat"], settings: hot),
  module("FloatReference", ["ModelGraph", "Operators"], settings: hot),
  module("Importers", ["ModelGraph", "Operators", "Wire"]),
  module(
    "Quantizer", ["FloatReference", "ModelGraph", "Operators", "SignalChain"], settings: hot),
  module("HostArrays", ["Arrays", "CZlib", "System", "Wire"]),
  module(
    "HostSealing", ["CSodium", "CZstd", "Wire"],
    linker: [.linkedLibrary("sodium"), .linkedLibrary("zstd")]),
  module("Dashboard", ["DriftStatistics"]),
  module(
    "ModelCards",
    ["BundleFormat", "CBOR", "Dashboard", "DriftStatistics", "HostSealing", "JSON", "Wire"]),
  module("Targets", []),
  module(
    "Lowering", ["Kernels", "ModelGraph", "Operators", "PlanFormat", "Targets"], settings: hot),
  module(
    "Bundling",
    [
      "BundleFormat", "CBOR", "COSE", "DeltaCoding", "DeviceRuntime", "DriftStatistics",
      "FloatReference", "HostArrays", "HostSealing", "Importers", "Kernels", "Lowering",
      "ModelCards", "ModelGraph",
      "Operators", "PlanFormat", "Quantizer", "Sealing", "SignalChain", "System", "Targets",
      "Wire",
    ], settings: hot),
  module(
    "Evaluation",
    [
      "Bundling", "BundleFormat", "DeviceRuntime", "FloatReference", "HostArrays", "Importers",
      "Kernels", "ModelGraph", "PlanFormat", "Quantizer", "SignalChain", "System",
    ], settings: hot),
  .executableTarget(
    name: "swiftlet",
    dependencies: [
      "Arrays", "BundleFormat", "Bundling", "CBOR", "CommandLineKit", "Dashboard",
      "DeltaCoding", "DeviceCommands", "DeviceRuntime", "DriftStatistics", "Evaluation",
      "FloatReference",
      "HostArrays", "Importers", "JSON", "Kernels", "Lowering", "ModelCards", "ModelGraph",
      "PlanFormat", "Quantizer", "Sealing",
      "SignalChain", "System", "Targets", "Telemetry", "Wire",
    ],
    exclude: ["Documentation.docc"],
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
]

let server: [Target] = [
  .target(name: "CMicroHTTPD", linkerSettings: [.linkedLibrary("microhttpd")]),
  .systemLibrary(name: "CSQLite"),
  module(
    "FleetStore",
    [
      "BundleFormat", "CBOR", "COSE", "CSQLite", "DriftStatistics", "Sealing", "System",
      "Telemetry", "Wire",
    ]),
  module(
    "FleetServer",
    ["BundleFormat", "CMicroHTTPD", "Dashboard", "DriftStatistics", "FleetStore", "JSON", "System"]),
  .executableTarget(
    name: "swiftlet-fleet",
    dependencies: [
      "BundleFormat", "CommandLineKit", "CSystem", "Dashboard", "DriftStatistics", "FleetServer",
      "FleetStore", "JSON", "Sealing", "System", "Telemetry", "Wire",
    ],
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
]

let testing: [Target] = [
  // For devices: the property tests' cases on each tier.
  .executableTarget(
    name: "TierReplay", dependencies: ["DeviceRuntime", "Kernels", "PlanFormat", "System", "Wire"],
    path: "Tests/TierReplay", swiftSettings: small + [.unsafeFlags(["-parse-as-library"])]),
  // ONNX's own test cases (Tests/Conformance).
  .executableTarget(
    name: "ConformanceRunner", dependencies: ["FloatReference", "Importers", "ModelGraph"],
    path: "Tests/Conformance/Runner", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
  // Under libFuzzer by `make fuzz` (Tests/Fuzzers).
  .target(
    name: "FuzzHarness", dependencies: ["Importers", "ModelGraph", "ModelSamples", "Wire"],
    path: "Tests/Fuzzers/Harness", swiftSettings: strict),
  fuzzer("ONNX"),
  fuzzer("TFLite"),
  .target(
    name: "ModelSamples", dependencies: ["Wire"], path: "Tests/ModelSamples",
    swiftSettings: strict),
  .target(
    name: "TestSupport", dependencies: ["ModelSamples", "Wire"], path: "Tests/TestSupport",
    swiftSettings: strict),
  tests(
    "Wire",
    [
      "Arrays", "CBOR", "COSE", "CommandLineKit", "HostArrays", "HostSealing", "JSON", "Sealing",
      "System", "Wire",
    ]),
  tests(
    "Bundle",
    [
      "BundleFormat", "Bundling", "CBOR", "COSE", "DeviceRuntime", "DriftStatistics",
      "HostSealing", "JSON", "ModelCards", "PlanFormat", "Sealing", "SignalChain", "Telemetry",
      "Wire",
    ], files: ["Frozen", "cyclonedx_check.py"]),
  .target(
    name: "CAllocationCounter", path: "Tests/CAllocationCounter",
    linkerSettings: [.linkedLibrary("dl")]),
  tests(
    "Plan",
    [
      "CAllocationCounter", "DeviceRuntime", "Importers", "Kernels", "Lowering", "ModelGraph",
      "PlanFormat", "Quantizer", "Wire",
    ]),
  tests(
    "Importer",
    [
      "FloatReference", "Importers", "Lowering", "ModelGraph", "Operators", "PlanFormat",
      "HostArrays", "Quantizer",
    ]),
  tests(
    "Quantizer",
    [
      "Arrays", "BundleFormat", "Bundling", "DeviceRuntime", "FloatReference", "HostArrays",
      "Importers", "Kernels", "Lowering", "ModelGraph", "Operators", "PlanFormat", "Quantizer",
      "Sealing", "Targets", "Wire",
    ]),
  tests(
    "Evaluation",
    [
      "Arrays", "BundleFormat", "Bundling", "DeviceRuntime", "Evaluation", "HostArrays",
      "ModelSamples", "Sealing", "Targets",
    ]),
  tests(
    "Chain",
    [
      "Arrays", "BundleFormat", "Bundling", "CAllocationCounter", "DeviceCommands", "DeviceRuntime",
      "DriftStatistics", "Evaluation", "HostArrays", "Importers", "Kernels", "ModelGraph",
      "PlanFormat", "Sealing", "SignalChain", "Wire",
    ]),
  tests(
    "Delta",
    [
      "BundleFormat", "Bundling", "CAllocationCounter", "DeltaCoding", "DeviceRuntime",
      "HostSealing", "Installing", "PlanFormat", "Sealing", "Wire",
    ]),
  tests("Drift", ["DriftStatistics", "Telemetry", "CBOR", "COSE", "Sealing", "System", "Wire"]),
  tests(
    "Install",
    [
      "BundleFormat", "CBOR", "DeviceRuntime", "HostSealing", "Installing", "Kernels", "PlanFormat",
      "Sealing", "System", "Wire",
    ]),
  tests(
    "Fleet",
    [
      "BundleFormat", "CBOR", "COSE", "Dashboard", "DriftStatistics", "FleetServer", "FleetStore",
      "HostSealing", "JSON", "Sealing", "System", "Telemetry", "Wire",
    ]),
  tests(
    "Command", ["Arrays", "HostArrays", "BundleFormat", "Sealing", "CBOR", "COSE", "Wire"],
    files: ["Transcripts"]),
  tests(
    "Fuzz",
    [
      "Arrays", "BundleFormat", "Bundling", "CBOR", "COSE", "DeviceRuntime", "DriftStatistics",
      "FuzzHarness", "HostArrays", "Importers", "JSON", "Kernels", "ModelGraph", "PlanFormat",
      "Sealing", "Targets", "Telemetry", "Wire",
    ]),
  tests(
    "Conformance",
    [
      "DeviceRuntime", "FloatReference", "Importers", "Lowering", "ModelGraph", "Operators",
      "PlanFormat",
    ],
    files: ["Expected"]),
  tests(
    "Operator",
    ["Arrays", "Bundling", "FloatReference", "Importers", "ModelGraph", "Sealing"]),
  tests("Tidy", []),
]

let package = Package(
  name: "swiftlet",
  products: [
    .executable(name: "swiftlet", targets: ["swiftlet"]),
    .executable(name: "swiftlet-fleet", targets: ["swiftlet-fleet"]),
    .executable(name: "swiftletd", targets: ["swiftletd"]),
  ],
  traits: [
    .trait(name: "Networked", description: "Uploads over HTTPS through libcurl."),
    .trait(name: "Compact", description: "All but the kernels compiled for size."),
    .default(enabledTraits: ["Networked"]),
  ],
  targets: device + networked + host + server + testing,
  swiftLanguageModes: [.v6]
)
