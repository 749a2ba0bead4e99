#!/bin/sh
# Runs the main job on a copy of this directory: validate, plan, apply, plan again (no changes), edit a manifest, plan, apply.
# It fails if a step exits with another code than expected, or if the last plan is not empty.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stack=$(mktemp -d)
trap 'rm -rf "$stack"' EXIT
cp -R "$here/reconciler.yaml" "$here/salesforce-orgs.yaml" "$here/connections" "$stack"
cd "$stack"

# In your CI, these values come from its secret store.
export CRM_CONSUMER_KEY=demo-consumer-key CRM_CONSUMER_SECRET=demo-consumer-secret

expect() { # expect CODE COMMAND...: shows the command, runs it, and stops unless it exits with CODE
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
printf '\nDone. The demo ran on a temporary copy of examples/quickstart, which is now deleted.\n'
