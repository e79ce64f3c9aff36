#!/bin/sh
# The questions of Crenel, asked about the shop in examples/shop. `make demo` runs this.
set -eu
cd "$(dirname "$0")/.."

ask() {
    printf '\n$ %s\n\n' "$*"
    code=0
    "$@" || code=$?
    # 1 is an answer too: denied, or different. Anything above is a failure.
    [ "$code" -le 1 ] || exit "$code"
}

say() {
    printf '\n== %s\n' "$1"
}

say 'Who can talk to whom, when there are only workloads and Services?'
ask crenel map -f examples/shop/app

say 'And with the policies?'
ask crenel map -f examples/shop

say 'What do the policies change?'
ask crenel diff examples/shop/app examples/shop

say 'Why may the frontend not reach the database?'
ask crenel can shop/frontend shop-data/postgres:5432 -f examples/shop

say 'And does the kernel agree? Real packets, in network namespaces of this machine'
printf '\n$ crenel lab -f examples/shop\n\n'
code=0
crenel lab -f examples/shop || code=$?
# 2 is a machine that lets nobody make namespaces, or has no nftables; the line above says so.
[ "$code" -le 2 ] || exit "$code"
