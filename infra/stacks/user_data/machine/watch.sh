#!/usr/bin/env bash
# Asks the instance metadata every few seconds whether AWS takes the machine: a spot reclaim (two minutes' notice that
# no lifecycle hook prolongs), a recommendation to leave before one, or the group's own wish. Then the worker finishes
# what it can and gives back the rest, and the hook is answered. Until then the group is asked to spare a busy machine.
set -uo pipefail

METADATA=${ATELIER_METADATA:-http://169.254.169.254}
SECONDS_BETWEEN=${ATELIER_WATCH_SECONDS:-5}

token() { curl -sf -m 2 -X PUT "$METADATA/latest/api/token" -H 'X-aws-ec2-metadata-token-ttl-seconds: 300'; }
ask() { curl -sf -m 2 -H "X-aws-ec2-metadata-token: $(token)" "$METADATA/latest/meta-data/$1"; }

goes() {
    if ask spot/instance-action >/dev/null; then
        echo "spot reclaim"
    elif [ "$(ask autoscaling/target-lifecycle-state)" = Terminated ]; then
        echo "scale in"
    fi
}

is_to_stop() {
    local reason
    reason=$(goes)
    if [ -z "$reason" ] && ask events/recommendations/rebalance >/dev/null; then
        reason="rebalance recommendation"
    fi
    echo "$reason"
}

# Only what changed is said, and said again until it was heard: a machine that still boots cannot be protected.
said=
protect_while_busy() {
    local wish=--no-protected-from-scale-in
    [ -e "$ATELIER_BUSY_FILE" ] && wish=--protected-from-scale-in
    [ "$wish" = "$said" ] && return
    aws autoscaling set-instance-protection --auto-scaling-group-name "$ATELIER_GROUP" \
        --instance-ids "$(ask instance-id)" "$wish" 2>/dev/null && said=$wish
}

wait_until() {
    until reason=$("$1") && [ -n "$reason" ]; do
        protect_while_busy
        sleep "$SECONDS_BETWEEN"
    done
}

wait_until is_to_stop
printf '{"level": "info", "message": "worker is stopped before its machine goes", "reason": "%s"}\n' "$reason"
systemctl stop atelier-worker.service
# After a recommendation the group takes the machine once it has another one.
wait_until goes
aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$ATELIER_GROUP" --lifecycle-hook-name terminate \
    --instance-id "$(ask instance-id)" --lifecycle-action-result CONTINUE
# Nothing more to watch for: started again, this would stop a worker that is stopped.
sleep infinity
