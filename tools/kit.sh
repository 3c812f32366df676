# shellcheck shell=sh
# What ./dev, tools/rings and tools/fuzz share: the machine's packages, Node, and build folders. Sourced from the root.

say() { if [ -t 1 ]; then printf '\033[1m== %s\033[0m\n' "$*"; else echo "== $*"; fi; }

# --- what the machine needs ------------------------------------------------------------------------------------------

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_install() {
    say "installing $*"
    [ -n "${apt_is_fresh-}" ] || root apt-get update -q
    apt_is_fresh=1
    root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# need_packages build|test: those of packaging/debian-packages.txt that are not there yet.
need_packages() {
    command -v dpkg-query >/dev/null || return 0 # not a Debian: the compiler will say what is missing
    wanted=$(awk -v need="$1" '!/^#/ && NF && ($2 == "build" || $2 == need) { print $1 }' packaging/debian-packages.txt)
    # shellcheck disable=SC2086 # a list of words
    missing=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
        awk -v wanted="$wanted" '$1 == "installed" { have[$2] = 1 }
            END { n = split(wanted, w); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }')
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

node_is_new() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

# Vite and the official SDKs want Node 20.19; Debian 12 has 18. Where nothing newer is found, Debian's npm fetches a Node
# of our own into build/node; nothing outside this folder changes.
use_node() {
    PATH=$PWD/build/node/node_modules/.bin:$PATH
    export PATH
    node_is_new && return
    command -v npm >/dev/null || apt_install nodejs npm
    case $(uname -m) in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
    say "installing Node 22 into build/node"
    mkdir -p build/node
    npm install --prefix build/node --no-save --no-audit --no-fund "node-linux-$arch@22" npm@10
    hash -r
    node_is_new || { echo "dev: no Node of 20.19 or newer could be installed" >&2; exit 1; }
}

# npm_ci FOLDER: node_modules as the lock file says; nothing to do when it already is.
npm_ci() {
    sum=$(sha256sum "$1/package-lock.json" | cut -d' ' -f1)
    [ "$(cat "$1/node_modules/.lock-sum" 2>/dev/null)" = "$sum" ] && return
    say "npm ci in $1"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
    echo "$sum" >"$1/node_modules/.lock-sum"
}

# meson_dir NAME COMPILER OPTION...: a build folder, made once.
meson_dir() {
    [ -f "build/$1/build.ninja" ] && return
    name=$1 compiler=$2
    shift 2
    CC=$compiler meson setup "build/$name" "$@" >"build/$name.setup.log" 2>&1 || { tail -n 20 "build/$name.setup.log"; return 1; }
}

# The web is built again only when a source file changed.
build_web() {
    for app in desktop contact webchat; do
        sum=$(cd "web/$app" && find . ../talk \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z |
            xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
        [ "$(cat "web/$app/dist/.source-sum" 2>/dev/null)" = "$sum" ] && continue
        say "web/$app"
        npm_ci "web/$app"
        (cd "web/$app" && npm run --silent build)
        echo "$sum" >"web/$app/dist/.source-sum"
    done
}
