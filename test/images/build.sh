#!/usr/bin/env bash
# Makes the container images that the end-to-end tests run real game servers in, because tests pull nothing:
# a Debian with the game from Debian's own packages, tagged with the name that the egg asks for.
#   test/images/build.sh debian TAG PACKAGES    a Debian with these packages
#   test/images/build.sh busybox                hatchery.test/busybox:1
set -euo pipefail

suite=bookworm
has() { docker image inspect "$1" >/dev/null 2>&1; }
debian() { # tag, packages
  has "$1" && return 0
  mmdebstrap --quiet --variant=apt --include="bash,ca-certificates,tini,$2" \
    --customize-hook='chroot "$1" useradd -m -d /home/container -u 998 container' \
    --customize-hook='rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/man/*' \
    "$suite" - | docker import --change 'WORKDIR /home/container' - "$1" >/dev/null
  echo "made $1"
}

case "${1:-}" in
  debian) debian "$2" "$3" ;;
  busybox)
    has hatchery.test/busybox:1 && exit 0
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,home/container,tmp,etc,proc,sys,dev}
    cp /bin/busybox "$root/bin/busybox"
    for applet in sh ash cat echo sleep date ls mkdir rm cp mv chmod chown id env printf seq head tail grep sed wc nc httpd kill ps sync trap stat touch dd; do
      ln -sf busybox "$root/bin/$applet"
    done
    echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
    tar -C "$root" -c . | docker import --change 'WORKDIR /home/container' --change 'ENV PATH=/bin' - hatchery.test/busybox:1 >/dev/null
    rm -rf "$root"
    echo 'made hatchery.test/busybox:1'
    ;;
  *)
    echo "usage: $0 debian TAG PACKAGES | busybox" >&2
    exit 2
    ;;
esac
