/**
 * The frames of the completion scripts. `PROGRAM` stands for the program's name; a line with `@name@`
 * is replaced by the part of that name.
 *
 * @module
 */

/** For bash 3.2 and later, so without `mapfile`. */
export const bashTemplate = String.raw`# Completion of PROGRAM for bash.
# Try it: source <(PROGRAM completion bash)
# Install it: PROGRAM completion bash > ~/.local/share/bash-completion/completions/PROGRAM
_PROGRAM_offer() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$prefix$line")
  done < <(compgen "$@" -- "$cur")
}

# The enabled sections of the configuration; without one, what is given.
_PROGRAM_sections() {
  local found
  found=$(PROGRAM completion sections "${"$"}{ini[@]}" 2>/dev/null) || found="$*"
  printf '%s' "$found"
}

_PROGRAM_takes_value() {
  case $1 in
    @valued@
      return 0
      ;;
  esac
  return 1
}

_PROGRAM() {
  local cur=${"$"}{COMP_WORDS[COMP_CWORD]} prefix="" command="" flag="" flags="" words="" word i
  local -a ini=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${"$"}{COMP_WORDS[i]}
    if [[ $word == "=" ]]; then
      continue
    elif [[ -n $flag ]]; then
      if [[ $flag == --ini ]]; then ini=(--ini "$word"); fi
      flag=""
    elif [[ $word == --ini=* ]]; then
      ini=("$word")
    elif [[ $word == -* ]]; then
      if _PROGRAM_takes_value "$word"; then flag=$word; fi
    elif [[ -z $command ]]; then
      command=$word
    fi
  done
  if [[ -n $flag && $cur == "=" ]]; then
    cur=""
  elif [[ -z $flag && $cur == --*=* ]]; then
    flag=${"$"}{cur%%=*}
    prefix="$flag="
    cur=${"$"}{cur#*=}
  fi
  if [[ -n $flag ]]; then
    case $flag in
      @paths@
        compopt -o filenames 2>/dev/null
        _PROGRAM_offer -f
        ;;
      @choices@
    esac
    return
  fi
  if [[ $cur == -* ]]; then
    @global@
    case $command in
      @flags@
    esac
    _PROGRAM_offer -W "$flags"
    return
  fi
  case $command in
    @commands@
    @words@
  esac
  _PROGRAM_offer -W "$words"
}

complete -F _PROGRAM PROGRAM
`;

/** For zsh with its completion system. */
export const zshTemplate = String.raw`#compdef PROGRAM
# Completion of PROGRAM for zsh.
# Try it: source <(PROGRAM completion zsh)
# Install it: write it to a file _PROGRAM in one of the directories of $fpath.
_PROGRAM_sections() {
  local -a found ini
  if [[ -n ${"$"}{opt_args[--ini]} ]]; then ini=(--ini ${"$"}{(Q)opt_args[--ini]}); fi
  found=(${"$"}{(f)"$(PROGRAM completion sections $ini 2>/dev/null)"})
  if (( ! $#found )); then found=($@); fi
  compadd -a found
}

_PROGRAM() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  local -a global commands
  global=(
    @global@
  )
  commands=(
    @commands@
  )
  _arguments -C $global '1:command:->command' '*::word:->word'
  case $state in
    command)
      _describe -t commands command commands
      ;;
    word)
      case $line[1] in
        @cases@
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
`;

/** For Windows PowerShell 5.1 and PowerShell 7. Offering nothing lets it complete file names. */
export const powershellTemplate = String.raw`# Completion of PROGRAM for PowerShell.
# Try it: PROGRAM completion powershell | Out-String | Invoke-Expression
# Install it: add that line to the file that $PROFILE names.
Register-ArgumentCompleter -Native -CommandName 'PROGRAM', 'PROGRAM.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $commands = [ordered]@{
        @commands@
    }
    $flags = [ordered]@{
        @flags@
    }
    @global@
    $command = ''
    $pending = ''
    $ini = @()
    foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $word = $element.ToString()
        if ($pending) {
            if ($pending -eq '--ini') { $ini = @('--ini', $word) }
            $pending = ''
        }
        elseif ($flags.Contains($word)) {
            if ($flags[$word].Takes -ne 'nothing') { $pending = $word }
        }
        elseif ($word -notlike '-*' -and -not $command) { $command = $word }
    }
    $offers = if ($pending) {
        $flags[$pending].Words | ForEach-Object { @{ Text = $_; Help = $_ } }
    }
    elseif ($wordToComplete -like '-*') {
        $own = if ($command -and $commands.Contains($command)) { $commands[$command].Flags }
        @($own) + $common | Where-Object { $_ } | ForEach-Object { @{ Text = $_; Help = $flags[$_].Help } }
    }
    elseif (-not $command) {
        $commands.Keys | ForEach-Object { @{ Text = $_; Help = $commands[$_].Help } }
    }
    elseif ($commands.Contains($command)) {
        $words = $commands[$command].Words
        if ($commands[$command].Sections) {
            $exit = $global:LASTEXITCODE
            $found = @(& PROGRAM completion sections $ini 2>$null)
            if ($found.Count -gt 0) { $words = $found }
            $global:LASTEXITCODE = $exit
        }
        $words | ForEach-Object { @{ Text = $_; Help = $_ } }
    }
    $offers | Where-Object { $_ -and $_.Text -like "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_.Text, $_.Text, 'ParameterValue', $_.Help)
    }
}
`;
