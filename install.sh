#!/bin/sh
# Installs, upgrades and removes the agent for Oomnitza on Linux and macOS. See docs/install.md.
set -eu
umask 022

usage() {
  cat <<'TEXT'
Installs the agent for Oomnitza, or brings it up to date.

  sh install.sh --url URL [OPTIONS]     fetch the program from the folder of a release
  sh install.sh --from FILE [OPTIONS]   take a program file that is already here
  sh install.sh --uninstall [OPTIONS]   remove it

  --sha256 SUM       the sum that the program must have; by default it is looked up in
                     SHA256SUMS, in the folder of the release or beside the file
  --public-key FILE  also check the signature of SHA256SUMS with this key, by minisign
  --service          register the service, too
  --config FILE      the configuration file, written when it is not there
  --prefix DIR       where bin is, by default /usr/local
  --root DIR         install below this folder, as packagers do; the service is left alone
  --purge            with --uninstall: also remove configuration, state, logs and account
  --help             show this

Without root's rights, name a --prefix and a --config of your own.
TEXT
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}
wrong() {
  printf 'install.sh: %s\nSee sh install.sh --help.\n' "$*" >&2
  exit 2
}

url=${AGENT_URL:-} from='' sha256='' key='' service=no config='' named=no prefix=/usr/local root='' purge=no
action=install
while [ $# -gt 0 ]; do
  option=$1
  case $option in
    --*=*)
      value=${option#*=} option=${option%%=*}
      shift
      set -- "$option" "$value" "$@"
      ;;
  esac
  case $option in
    --service | --purge | --uninstall | --help | -h) ;;
    --url | --from | --sha256 | --public-key | --config | --prefix | --root)
      [ $# -ge 2 ] || wrong "$option needs a value."
      value=$2
      shift
      ;;
    *) wrong "There is no option $option." ;;
  esac
  case $option in
    --url) url=$value ;;
    --from) from=$value url='' ;;
    --sha256) sha256=$value ;;
    --public-key) key=$value ;;
    --config) config=$value named=yes ;;
    --prefix) prefix=$value ;;
    --root) root=${value%/} ;;
    --service) service=yes ;;
    --purge) purge=yes ;;
    --uninstall) action=uninstall ;;
    --help | -h)
      usage
      exit 0
      ;;
  esac
  shift
done

case $(uname -s) in
  Linux) os=linux data=/etc/oomnitza-agent state=/var/lib/oomnitza-agent logs='' ;;
  Darwin)
    os=darwin data='/Library/Application Support/Oomnitza Agent'
    state="$data/state" logs='/Library/Logs/Oomnitza Agent'
    ;;
  *) fail "There is no agent for $(uname -s). On Windows, use install.ps1." ;;
esac
case $(uname -m) in
  x86_64 | amd64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "There is no agent for processors of the kind $(uname -m)." ;;
esac
# A shell that is translated on Apple silicon takes itself for an Intel machine.
if [ "$os" = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || :)" = 1 ]; then
  arch=arm64
fi
file="agent-$os-$arch"

bin="$root$prefix/bin"
program="$bin/agent"
fresh="$bin/agent.new"
old="$bin/agent.old"
[ -n "$config" ] || config="$data/config.ini"
config="$root$config"
work=''

# What is half done goes away, whatever ends this script.
clean() {
  rm -f "$fresh" 2>/dev/null || :
  [ -z "$work" ] || rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Whether an http address is on this machine: nothing but its name and a port before the first slash,
# since what is before an @ is a user, and the host comes after it.
on_loopback() { # URL
  authority=${1#http://}
  [ "$authority" != "$1" ] || return 1
  authority=${authority%%/*}
  case $authority in
    '[::1]' | '[::1]':*) port=${authority#'[::1]'} ;;
    127.0.0.1 | 127.0.0.1:*) port=${authority#127.0.0.1} ;;
    localhost | localhost:*) port=${authority#localhost} ;;
    *) return 1 ;;
  esac
  case ${port#:} in
    *[!0-9]*) return 1 ;;
  esac
}

fetch() { # NAME FILE: a file of the release
  protocols='=https' redirects=20
  case $url in
    https://*) ;;
    *)
      on_loopback "$url" || fail "$url is not an https address."
      # Where a program on this machine redirects to need not be this machine.
      protocols='=http' redirects=0
      ;;
  esac
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto "$protocols" --max-redirs "$redirects" \
      --output "$2" "${url%/}/$1" ||
      fail "Cannot fetch ${url%/}/$1."
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "${url%/}/$1" || fail "Cannot fetch ${url%/}/$1."
  else
    fail "Neither curl nor wget is here. Fetch $file and SHA256SUMS by hand, then use --from."
  fi
}

sum_of() { # FILE
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 <"$1"
  elif command -v openssl >/dev/null; then
    openssl dgst -sha256 -r <"$1"
  else
    fail 'None of sha256sum, shasum and openssl is here, so that the program cannot be checked.'
  fi | cut -d ' ' -f 1
}

# The file and the list of sums must be there when this returns; nothing is believed yet.
get() {
  if [ -n "$from" ]; then
    [ -f "$from" ] || fail "There is no file $from."
    cp "$from" "$fresh"
    sums="$(dirname "$from")/SHA256SUMS"
    [ -n "$sha256" ] || [ -f "$sums" ] ||
      fail "There is no SHA256SUMS beside $from. Put it there, or give the sum with --sha256."
    [ ! -f "$sums" ] || cp "$sums" "$work/SHA256SUMS"
    [ ! -f "$sums.minisig" ] || cp "$sums.minisig" "$work/SHA256SUMS.minisig"
    return
  fi
  [ -n "$url" ] || wrong 'Say where the program is, with --url or --from.'
  say "Fetching $file from $url"
  [ -n "$sha256" ] || fetch SHA256SUMS "$work/SHA256SUMS"
  [ -z "$key" ] || fetch SHA256SUMS.minisig "$work/SHA256SUMS.minisig"
  fetch "$file" "$fresh"
}

verify() {
  if [ -n "$key" ]; then
    [ -z "$sha256" ] || wrong '--sha256 and --public-key do not go together.'
    command -v minisign >/dev/null || fail 'minisign is not here, so that no signature can be checked.'
    minisign -Vqm "$work/SHA256SUMS" -x "$work/SHA256SUMS.minisig" -p "$key" ||
      fail 'The signature of SHA256SUMS is not by that key. Nothing was changed.'
  fi
  wanted=$sha256
  if [ -z "$wanted" ]; then
    # A file may have been given another name on the way: what counts is what it is for.
    wanted=$(awk -v name="$file" '$2 == name || $2 == "*" name { print $1; exit }' \
      "$work/SHA256SUMS")
    [ -n "$wanted" ] || fail "SHA256SUMS does not list $file. Nothing was changed."
  fi
  found=$(sum_of "$fresh")
  [ "$found" = "$(printf %s "$wanted" | tr A-F a-f)" ] ||
    fail "The program is damaged or not the right one: its sum is $found, not $wanted. Nothing was changed."
}

# Whether a program says its version within 20 seconds; what it says is in $version.
answers() { # PROGRAM
  version=''
  "$1" version >"$work/version" 2>&1 </dev/null &
  pid=$!
  tenths=0
  while kill -0 "$pid" 2>/dev/null && [ "$tenths" -lt 200 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    tenths=$((tenths + 1))
  done
  kill -9 "$pid" 2>/dev/null || :
  wait "$pid" 2>/dev/null || { answered=$(cat "$work/version") && return 1; }
  answered=$(cat "$work/version")
  case $answered in
    'agent '[0-9]*) version=$answered ;;
    *) return 1 ;;
  esac
}

# systemd, launchd: whether the service is registered, and whether it runs.
if [ "$os" = linux ]; then
  registration=/etc/systemd/system/oomnitza-agent.service
else
  registration=/Library/LaunchDaemons/com.oomnitza.agent.plist
fi
registered() { [ -z "$root" ] && [ -e "$registration" ]; }
runs() { registered && "$program" service status >/dev/null 2>&1; }
restart() {
  "$program" service stop --quiet && "$program" service start --quiet &&
    "$program" service status >/dev/null 2>&1
}

go_back() { # WHY
  if [ -e "$old" ]; then
    mv -f "$old" "$program"
    # The service is registered again as it was, before the new program had a say in it.
    if [ -e "$work/registration" ]; then
      cp -p "$work/registration" "$registration"
      [ ! -d /run/systemd/system ] || systemctl daemon-reload
    fi
    [ "$ran" = no ] || restart || say 'The old program is back, but its service does not start.'
    fail "$1 The old program was put back."
  fi
  rm -f "$program"
  fail "$1 It was removed again."
}

replace() {
  ran=no
  if [ -e "$program" ]; then
    if runs; then ran=yes; fi
    # A second name for the old one, so that there is no moment without a program.
    ln -f "$program" "$old" 2>/dev/null || cp -p "$program" "$old"
  else
    rm -f "$old"
  fi
  mv -f "$fresh" "$program"
  answers "$program" || go_back "The new program does not answer in its place: $answered"
  [ "$ran" = no ] || restart || go_back 'The service does not start with the new program.'
}

install_agent() {
  work=$(mktemp -d)
  mkdir -p "$bin" 2>/dev/null || :
  [ -w "$bin" ] || fail "Cannot write into $bin. Use sudo, or name another --prefix."
  get
  verify
  chmod 755 "$fresh"
  answers "$fresh" || fail "The new program does not answer: $answered. Nothing was changed."
  replace
  had_service=no
  if registered; then
    had_service=yes
    cp -p "$registration" "$work/registration"
  fi
  # A service that was registered before has a configuration, which may lie elsewhere.
  if [ "$named" = yes ] || [ "$had_service" = no ]; then write_config; fi
  if [ "$service" = yes ]; then register; fi
  say "Installed $version as $program"
  next_steps
}

write_config() {
  if [ ! -e "$config" ]; then
    mkdir -p "$(dirname "$config")"
    (umask 077 && "$program" generate-ini --ini "$config" --quiet)
    chmod 600 "$config"
    say "Wrote $config, for you to fill in"
  fi
}

# What the registered service has stays, unless it is named.
register() {
  if [ "$named" = yes ] || [ "$had_service" = no ]; then
    set -- --ini "$config"
  else
    set --
  fi
  if "$program" service install "$@"; then
    if [ "$ran" = no ] || runs_again; then return; fi
    go_back 'The service does not start as the new program registered it.'
  fi
  [ "$had_service" = yes ] || fail 'The service was not registered.'
  go_back 'The new program cannot register the service.'
}

# Whether the service runs, also a moment later: one that ends at once looks well at first.
runs_again() {
  "$program" service status >/dev/null 2>&1 || return 1
  sleep 1
  "$program" service status >/dev/null 2>&1
}

next_steps() {
  sudo=''
  [ "$prefix" != /usr/local ] || sudo='sudo '
  say '' 'Next:'
  if [ ! -e "$config" ]; then
    say '  The service has its configuration where it had it before.'
    return
  fi
  say "  1. Fill in [oomnitza] and the sections that you need: ${sudo}nano '$config'"
  say "  2. Try the credentials, nothing is sent:              ${sudo}'$program' check --ini '$config'"
  if registered; then
    say "  3. Start the service:                                 ${sudo}'$program' service start"
  else
    say "  3. Upload:                                            ${sudo}'$program' upload NAME --ini '$config'"
  fi
}

uninstall_agent() {
  if registered; then
    [ -x "$program" ] || fail "$program is gone, but the service is registered. Install it again first."
    "$program" service uninstall
  fi
  rm -f "$program" "$old" || fail "Cannot write into $bin. Use sudo."
  say "Removed $program"
  if [ "$purge" = no ]; then
    [ ! -e "$config" ] || say "$config is still there. --purge removes it, the state and the logs, too."
    return
  fi
  rm -rf "$root$data" "$root$state"
  [ -z "$logs" ] || rm -rf "$root$logs"
  rm -f "$config"
  if [ -z "$root" ] && [ -e "$registration.d" ]; then
    # What systemctl edit keeps.
    rm -rf "$registration.d"
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
  fi
  say 'Removed configuration, state and logs'
  [ -z "$root" ] || return 0
  if [ "$os" = linux ] && id -u oomnitza-agent >/dev/null 2>&1; then userdel oomnitza-agent; fi
  if [ "$os" = darwin ] && id -u _oomnitza-agent >/dev/null 2>&1; then
    sysadminctl -deleteUser _oomnitza-agent
  fi
}

[ -z "$root" ] || [ "$service" = no ] || wrong '--service and --root do not go together.'
[ "$action" = uninstall ] || [ "$purge" = no ] || wrong '--purge goes with --uninstall.'
if [ "$action" = install ]; then install_agent; else uninstall_agent; fi
