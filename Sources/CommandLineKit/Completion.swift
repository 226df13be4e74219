/// Completion scripts, generated from the declarations.
enum Completion {
  /// The script for `shell`; nil for one we do not know.
  static func script(_ program: Program, shell: String) -> String? {
    if shell.isSame(as: "bash") { return bash(program) }
    if shell.isSame(as: "zsh") { return zsh(program) }
    if shell.isSame(as: "fish") { return fish(program) }
    return nil
  }

  private static func bash(_ program: Program) -> String {
    let function = "_" + identifier(program.name)
    var text = "# bash completion for \(program.name)\n\(function)() {\n"
    text += "  local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
    text += "  local command=\"${COMP_WORDS[1]}\" options=\"\"\n  COMPREPLY=()\n"
    text += "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    text += "    COMPREPLY=($(compgen -W \"\(names(program))\" -- \"$word\"))\n    return\n  fi\n"
    text += "  case \"$command $previous\" in\n"
    for spec in program.specs {
      for option in spec.options where !option.choices.isEmpty {
        text += "    '\(spec.name) --\(option.long)')\n      COMPREPLY=($(compgen -W "
        text += "\"\(Text.join(option.choices, " "))\" -- \"$word\"))\n      return ;;\n"
      }
    }
    text += "    'completion completion')\n"
    text += "      COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\"))\n      return ;;\n"
    text += "  esac\n  case \"$command\" in\n"
    for spec in program.specs {
      var options: [String] = []
      for option in spec.allOptions { options.append("--" + option.long) }
      text += "    \(spec.name)) options=\"\(Text.join(options, " "))\" ;;\n"
    }
    text += "  esac\n  if [ \"${word:0:1}\" = - ]; then\n"
    text += "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n  else\n"
    text += "    COMPREPLY=($(compgen -f -- \"$word\"))\n  fi\n}\n"
    text += "complete -o filenames -F \(function) \(program.name)\n"
    return text
  }

  private static func zsh(_ program: Program) -> String {
    var text = "#compdef \(program.name)\n\nif (( CURRENT == 2 )); then\n  local -a commands=(\n"
    for spec in program.specs {
      text += "    \(quote(escapeColon(spec.name) + ":" + spec.summary))\n"
    }
    text += "  )\n  _describe command commands\n  return\nfi\n"
    text += "local command=$words[2]\nshift words\n(( CURRENT-- ))\ncase $command in\n"
    for spec in program.specs {
      text += "  \(spec.name)) _arguments"
      for option in spec.allOptions {
        let help = "[" + escapeBrackets(option.help) + "]"
        var value = ""
        if let placeholder = option.placeholder {
          let action =
            option.choices.isEmpty ? "_files" : "(" + Text.join(option.choices, " ") + ")"
          value = ":\(placeholder):\(action)"
        }
        let many = option.isRepeatable ? "*" : ""
        text += " \\\n    \(quote("\(many)--\(option.long)\(help)\(value)"))"
        if let short = option.short {
          text += " \\\n    \(quote("\(many)-\(short)\(help)\(value)"))"
        }
      }
      text += " \\\n    '*:argument:_files' ;;\n"
    }
    text += "esac\n"
    return text
  }

  private static func fish(_ program: Program) -> String {
    let name = program.name
    var text = "# fish completion for \(name)\n"
    for spec in program.specs {
      text += "complete -c \(name) -n __fish_use_subcommand -f -a \(spec.name)"
      text += " -d \(quote(spec.summary))\n"
    }
    for spec in program.specs {
      let condition = "-n '__fish_seen_subcommand_from \(spec.name)'"
      for option in spec.allOptions {
        text += "complete -c \(name) \(condition) -l \(option.long)"
        if let short = option.short { text += " -s \(short)" }
        if option.placeholder != nil { text += option.choices.isEmpty ? " -r -F" : " -x" }
        if !option.choices.isEmpty { text += " -a \(quote(Text.join(option.choices, " ")))" }
        text += " -d \(quote(option.help))\n"
      }
    }
    text += "complete -c \(name) -n '__fish_seen_subcommand_from completion' -f"
    text += " -a 'bash zsh fish'\n"
    return text
  }

  private static func names(_ program: Program) -> String {
    var names: [String] = []
    for spec in program.specs { names.append(spec.name) }
    return Text.join(names, " ")
  }

  /// A shell function's name.
  private static func identifier(_ name: String) -> String {
    replacing(name) { $0 == UInt8(ascii: "-") ? Array("_".utf8) : [$0] }
  }

  /// A single-quoted word.
  private static func quote(_ text: String) -> String {
    "'" + replacing(text) { $0 == UInt8(ascii: "'") ? Array("'\\''".utf8) : [$0] } + "'"
  }

  private static func escapeColon(_ text: String) -> String {
    replacing(text) { $0 == UInt8(ascii: ":") ? Array("\\:".utf8) : [$0] }
  }

  /// `_arguments` ends a description at a bracket and a field at a colon.
  private static func escapeBrackets(_ text: String) -> String {
    replacing(text) { byte in
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "\\"):
        return [UInt8(ascii: "\\"), byte]
      default: return [byte]
      }
    }
  }

  private static func replacing(_ text: String, _ replace: (UInt8) -> [UInt8]) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 { bytes.append(contentsOf: replace(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
