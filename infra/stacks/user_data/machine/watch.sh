#!/usr/bin/env bash
# Asks the instance metadata every few seconds whether AWS takes the machine: a spot reclaim (two minutes' notice that
# no lifecycle hook prolongs) or the group's own wish. Then the worker gives back what it holds, and the hook is answered.
set -uo pipefail

METADATA=${ATELIER_METADATA:-http://169.254.169.254}
SECONDS_BETWEEN=${ATELIER_WATCH_SECONDS:-5}

token() { curl -sf -m 2 -X PUT "$METADATA/latest/api/token" -H 'X-aws-ec2-metadata-token-ttl-seconds: 300'; }
ask() { curl -sf -m 2 -H "X-aws-ec2-metadata-token: $(token)" "$METADATA/latest/meta-data/$1"; }

reason_to_stop() {
    if ask spot/instance-action >/dev/null; then
        echo "spot reclaim"
    elif [ "$(ask autoscaling/target-lifecycle-state)" = Terminated ]; then
        echo "scale in"
    fi
}

until reason=$(reason_to_stop) && [ -n "$reason" ]; do
    sleep "$SECONDS_BETWEEN"
done

printf '{"level": "info", "message": "worker is stopped before its machine goes", "reason": "%s"}\n' "$reason"
systemctl stop atelier-worker.service
aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$ATELIER_GROUP" --lifecycle-hook-name terminate \
    --instance-id "$(ask instance-id)" --lifecycle-action-result CONTINUE
# Nothing more to watch for: started again, this would stop a worker that is stopped.
sleep infinity
