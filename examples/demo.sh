#!/bin/sh
# Crenel at work on the shop in examples/shop: audit, harden, prove, lab. `make demo` runs this.
set -eu
cd "$(dirname "$0")/.."
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir "$home/shop"
cp -R examples/shop/app examples/shop/crenel.yaml "$home/shop"
cd "$home"

say() {
    printf '\n== %s\n' "$1"
}

# ask CODES COMMAND: show a command, then what it prints. Any other exit code ends the demo.
ask() {
    printf '\n$ %s\n\n' "$2"
    code=0
    sh -c "$2" 2>&1 || code=$?
    case " $1 " in *" $code "*) ;; *) exit "$code" ;; esac
}

say '1. Audit: what is wrong? The shop as its developers left it, without a single policy.'
# 1: there are findings.
ask '0 1' 'crenel audit -f shop'

say '2. Harden: close everything that nobody needs. Needs come from the manifests and from what crenel.yaml declares.'
ask 0 'crenel harden -f shop -o shop/hardened --guardrails --services --tls --infrastructure hosts > report.txt'
ask 0 'tail -n 1 report.txt'

say 'Each workload has a policy of its own, and each rule says why it is there.'
ask 0 'cat shop/hardened/policies/shop-data/backup.yaml'

say 'The report says what was needed and what was cut, here for payments.'
ask 0 'grep -E "^  (WORKLOAD|payments/[a-z]+ +(in|out)) " report.txt'

say '3. Prove: does what crenel.yaml declares hold, now that all of it is closed?'
ask 0 'crenel prove shop/crenel.yaml -f shop'

say '4. Lab: and does the kernel agree? Real packets, in network namespaces of this machine.'
# 2 is a machine that lets nobody make namespaces, or has no nftables; the line above says so.
ask '0 2' 'crenel lab -f shop'
