#!/usr/bin/env bash
# deb.sh FOLDER: makes a Debian package of bin/assent in FOLDER, and prints its name. VERSION is the program's.
# dpkg-deb is on every Debian machine; a package of one binary needs no more.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?the folder for the package}
version=${VERSION:-devel}
version=${version#v}
# without a tag, the time of the commit makes a later one newer
[[ $version =~ ^[0-9] ]] || version="0~$(git log -1 --format=%cd --date=format:%Y%m%d%H%M%S 2>/dev/null || echo 0)+$version"
version=${version//-/+}
arch=$(dpkg --print-architecture)
depends="adduser, libc6"
ldd bin/assent 2>/dev/null | grep -q libopus && depends="$depends, libopus0"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
put() { install -D -m "$1" "$2" "$root$3"; }
put 0755 bin/assent /usr/bin/assent
put 0644 packaging/assent.service /lib/systemd/system/assent.service
for doc in README.md CHANGELOG.md docs/*.md; do put 0644 "$doc" "/usr/share/doc/assent/$(basename "$doc")"; done
put 0644 LICENSE /usr/share/doc/assent/copyright
mkdir -p "$root/usr/share/man/man1"
gzip -9n <packaging/assent.1 >"$root/usr/share/man/man1/assent.1.gz"
# what the binary itself writes as a first configuration, with the places of a package
bin/assent init "$root/init" >/dev/null
for flow in "$root"/init/flows/*.yaml; do put 0644 "$flow" "/etc/assent/flows/$(basename "$flow")"; done
for voice in calm.wav en; do
  mkdir -p "$root/usr/share/assent/prompts"
  cp -r --no-preserve=mode "$root/init/prompts/$voice" "$root/usr/share/assent/prompts/"
done
sed -e 's|\./data/|/var/lib/assent/|g' -e 's|^prompts: \./prompts |prompts: /usr/share/assent/prompts |' "$root/init/assent.yaml" >"$root/etc/assent/assent.yaml"
rm -r "$root/init"
chmod 0640 "$root/etc/assent/assent.yaml"

mkdir "$root/DEBIAN"
(cd "$root" && find etc -type f -printf '/%p\n' | sort) >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do put 0755 "packaging/$script" "/DEBIAN/$script"; done
cat >"$root/DEBIAN/control" <<CONTROL
Package: assent
Version: $version
Architecture: $arch
Maintainer: The assent authors <assent@localhost>
Depends: $depends
Recommends: chrony | time-daemon
Section: comm
Priority: optional
Installed-Size: $(du -sk --exclude DEBIAN "$root" | cut -f1)
Description: SIP back-to-back user agent that records phone calls lawfully
 It asks the caller for consent, puts the call through, and records nothing
 from before the consent; a ledger proves it.
CONTROL
mkdir -p "$out"
dpkg-deb --root-owner-group -Zgzip --build "$root" "$out/assent_${version}_$arch.deb" >/dev/null
echo "$out/assent_${version}_$arch.deb"
