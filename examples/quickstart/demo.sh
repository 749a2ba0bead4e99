#!/bin/sh
# The whole story on a copy of this directory: validate, plan, apply, nothing left to do, an edit, plan, apply.
# Fails when a step does not end as it should, or the last plan is not empty.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stack=$(mktemp -d)
trap 'rm -rf "$stack"' EXIT
cp -R "$here/reconciler.yaml" "$here/salesforce-orgs.yaml" "$here/connections" "$stack"
cd "$stack"

# In your CI these come from its secret store.
export CRM_CONSUMER_KEY=demo-consumer-key CRM_CONSUMER_SECRET=demo-consumer-secret

expect() { # expect CODE COMMAND...: show a command, run it, and stop unless it exits with CODE
    code=$1
    shift
    printf '\n$'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9_./=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    status=0
    "$@" || status=$?
    [ "$status" -eq "$code" ] || { echo "demo: expected exit code $code, got $status" >&2; exit 1; }
}

expect 0 reconciler validate
expect 2 reconciler plan --detailed-exitcode
expect 0 reconciler apply --auto-approve
expect 0 reconciler plan --detailed-exitcode
expect 0 sed -i.before 's/Production CRM org/Production CRM org of Acme/' connections/crm-production.yaml
rm connections/*.before
expect 2 reconciler plan --detailed-exitcode --out plan.json
expect 0 reconciler apply plan.json
expect 0 reconciler plan --detailed-exitcode
printf '\nThat was the whole round, on a copy of examples/quickstart that is gone now.\n'
