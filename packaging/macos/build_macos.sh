#!/bin/sh
# On a Mac: builds "Tuning Studio.app", checks and tries it, and packs it as a disk image into build/bundle.
#
# With SIGNING_IDENTITY ("Developer ID Application: …", in the keychain) it is signed for others; with
# NOTARY_PROFILE as well (a profile that `xcrun notarytool store-credentials` keeps) Apple notarizes it.
# Without, it is signed for this Mac only, and others have to allow it in System Settings.
set -eu
cd "$(dirname "$0")/../.."
[ "$(uname -s)" = Darwin ] || { echo "A Mac application is built on a Mac; elsewhere: make bundle." >&2; exit 2; }
made=build/bundle
app="$made/dist/Tuning Studio.app"
image="$made/Tuning-Studio.dmg"
identity=${SIGNING_IDENTITY:-}
notary=${NOTARY_PROFILE:-}

notarize() { # the file that is sent, and what Apple's ticket is put on
    xcrun notarytool submit "$1" --keychain-profile "$notary" --wait
    xcrun stapler staple "$2"
}

sh packaging/setup.sh
sh packaging/macos/freeze.sh
"$made/venv/bin/python" packaging/macos/check_bundle.py "$app"
sh packaging/macos/prove.sh "$PWD/$app/Contents/MacOS/Tuning Studio"

if [ -n "$identity" ] && [ -n "$notary" ]; then
    ditto -c -k --keepParent "$app" "$made/app.zip"
    notarize "$made/app.zip" "$app"
    rm "$made/app.zip"
fi

# What the image shows: the application, a link to where it goes, and the drawing behind both.
shown="$made/image"
rm -rf "$shown" "$image" "$made/writable.dmg"
mkdir -p "$shown/.background"
ditto "$app" "$shown/Tuning Studio.app"
ln -s /Applications "$shown/Applications"
tiffutil -cathidpicheck "$made/icon/background.png" "$made/icon/background@2x.png" \
    -out "$shown/.background/background.tiff"
hdiutil create -quiet -srcfolder "$shown" -volname "Tuning Studio" -fs HFS+ -format UDRW "$made/writable.dmg"
mounted=$(mktemp -d)
hdiutil attach -quiet -nobrowse -mountpoint "$mounted" "$made/writable.dmg"
# Finder arranges the icons; where nobody is logged in it cannot, and the image is as good without.
osascript packaging/macos/arrange.applescript "$mounted" || echo "The icons of the image were not arranged." >&2
hdiutil detach -quiet "$mounted"
hdiutil convert -quiet "$made/writable.dmg" -format ULFO -o "$image"
rm -rf "$made/writable.dmg" "$shown"

if [ -n "$identity" ]; then
    codesign --sign "$identity" --timestamp "$image"
    [ -z "$notary" ] || notarize "$image" "$image"
fi
echo "Made $image"
