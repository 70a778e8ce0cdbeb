# SPDX-License-Identifier: Apache-2.0
# What deploy/up, deploy/down and tests/run share: installing, building, and knowing what runs.
# Sourced by them after `set -euo pipefail`; $root is the project's folder.
# shellcheck shell=bash

: "${root:?}"

say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $1"; exit "${2:-1}"; }

# The names of the packages in the lists that are not there.
missing_packages() {
    local list package command
    for list in "$@"; do
        while read -r package command; do
            case $package in '' | '#'*) continue ;; esac
            if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' && continue
            printf '%s\n' "$package"
        done <"$root/deploy/packages.$list"
    done
}

# Debian starts the services that it installs; a Redis on the network is nobody's wish here.
forbid_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then policy=''; return; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

allow_services() {
    if [ -n "${policy:-}" ]; then rm -f "$policy"; fi
}

# install_packages LIST…: what is missing of deploy/packages.LIST, quietly.
install_packages() {
    local missing log began=$SECONDS
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "these packages are missing, and only root can install them: ${missing[*]}"
    say "installing ${#missing[@]} packages: ${missing[*]}"
    log=$(mktemp)
    forbid_services
    trap allow_services EXIT
    if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 25 "$log" >&2
        rm -f "$log"
        die "the packages could not be installed"
    fi
    allow_services
    trap - EXIT
    rm -f "$log"
    say "  installed in $((SECONDS - began)) s"
}

# quietly WHAT COMMAND…: one line; all that it said when it fails.
quietly() {
    local what=$1 log began=$SECONDS
    shift
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 60 "$log" >&2
        rm -f "$log"
        die "$what failed"
    fi
    rm -f "$log"
    [ $((SECONDS - began)) -lt 2 ] || say "$what: $((SECONDS - began)) s"
}

# set_up FOLDER OPTIONS…: a build folder with these options, made or kept.
set_up() {
    local folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$folder/.options" 2>/dev/null)" != "$*" ]; then
        local wipe=()
        if [ -d "$folder/meson-private" ]; then wipe=(--wipe); fi
        quietly "preparing the build in ${folder#"$root"/}" meson setup "${wipe[@]}" "$folder" "$root" "$@"
        printf '%s\n' "$*" >"$folder/.options"
    fi
}

# The npm packages of a folder, as its lock file says.
install_modules() {
    local folder=$1
    shift
    local stamp="$folder/node_modules/.weft-installed"
    if [ -f "$stamp" ] && cmp -s "$stamp" "$folder/package-lock.json"; then return; fi
    quietly "fetching the packages of ${folder#"$root"/}" \
        npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund "$@"
    cp "$folder/package-lock.json" "$stamp"
}

build_web() {
    local out=$root/build/web
    install_modules "$root/broker/web"
    if [ -f "$out/index.html" ] && [ -z "$(find "$root/broker/web" "$root/proto/js" -name node_modules -prune \
        -o -type f -newer "$out/index.html" -print -quit)" ]; then return; fi
    quietly 'building the web pages' node "$root/broker/web/build.mjs" "$out"
}

# The release build: build/bin/{weftd,weft,weft-guide} and build/web.
build_release() {
    local program
    set_up "$root/build" --buildtype=release -Db_lto=true -Db_ndebug=false -Dwerror=false -Dtests=false
    quietly 'building' ninja -C "$root/build"
    build_web
    mkdir -p "$root/build/bin"
    for program in broker/weftd broker/cli/weft bots/guide/weft-guide; do
        [ -x "$root/build/$program" ] || die "the build made no $program"
        ln -sfn "../$program" "$root/build/bin/${program##*/}"
    done
}

# The process of the supervisor that holds the data folder; nothing when there is none. One that was
# killed may linger as a zombie under its name.
supervisor_of() {
    local pid
    pid=$(cat "$1/run/lock" 2>/dev/null) || return 0
    if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = weft-supervisor ] \
        && grep -q '^State:[[:space:]]*[^ZX]' "/proc/$pid/status" 2>/dev/null; then
        printf '%s\n' "$pid"
    fi
}
