#!/usr/bin/env bash
# Builds real text for the benchmarks out of Debian packages, into the folder named as the first argument. See corpus.md.
set -euo pipefail

folder=${1:?usage: make-corpus.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

languages=(en-us de fr ru zh-cn ja hi tr)
packages=(dict-gcide linux-source-6.1 "${languages[@]/#/libreoffice-help-}")

apt-get download -qq "${packages[@]}"
for package in *.deb; do dpkg-deb -x "$package" unpacked; done

zcat < unpacked/usr/share/dictd/gcide.dict.dz > "$folder/english.txt"

tar -xJf unpacked/usr/src/linux-source-6.1.tar.xz -C unpacked --wildcards '*/kernel/*.c' '*/fs/*.c' '*/mm/*.c' '*/net/*.c'
find unpacked -name '*.c' -print0 | LC_ALL=C sort -z | xargs -0 cat > "$folder/code.txt"

python3 - unpacked/usr/share/libreoffice/help "$folder" <<'PYTHON'
"""Text of the help pages: one file for each language, markup and scripts left out."""
import html, pathlib, re, sys

source, target = map(pathlib.Path, sys.argv[1:])

def text_of(page):
    body = re.search(r'id="DisplayArea"(.*)</body>', page, re.DOTALL)
    page = body.group(1) if body else page
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    page = re.sub(r"<(?:p|li|h\d|br|div)\b[^>]*>", "\n", page)
    page = html.unescape(re.sub(r"<[^>]+>", "", page)).lstrip(">")
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+", " ", page)).strip() + "\n"

for language in sorted(folder for folder in source.iterdir() if (folder / "text").is_dir()):
    pages = sorted((language / "text").rglob("*.html"))
    text = "".join(text_of(page.read_text("utf-8", "replace")) for page in pages)
    if text:
        (target / f"{language.name}.txt").write_text(text, "utf-8")
PYTHON

ls -l "$folder"
