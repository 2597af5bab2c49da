#!/bin/sh
# Installs the bundle beside this file without a network: install.sh [FOLDER]
# Each file is compared with its hash before it is used; nothing is asked of any other machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-"$here/venv"}
made_for=$(cat "$here/PYTHON")
python=$(command -v "python$made_for" || command -v python3 || true)
if [ -z "$python" ]; then
    echo "没有 python$made_for。 python$made_for is not installed." >&2
    exit 1
fi
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$found" != "$made_for" ]; then
    echo "此安装包用于 Python $made_for，这里是 $found。" >&2
    echo "This bundle is for Python $made_for; here is $found." >&2
    exit 1
fi
"$python" -m venv --clear "$into"
"$into/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
    --find-links "$here/wheels" --require-hashes --requirement "$here/requirements.txt"
echo "$into/bin/commandwall"
