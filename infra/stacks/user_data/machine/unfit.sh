#!/usr/bin/env bash
# systemd calls this when the worker has ended five times within a quarter of an hour: the alarm "a worker failed to
# start" hears of it, and the group puts another machine in this one's place.
set -uo pipefail

METADATA=${ATELIER_METADATA:-http://169.254.169.254}
token=$(curl -sf -m 2 -X PUT "$METADATA/latest/api/token" -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
instance=$(curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" "$METADATA/latest/meta-data/instance-id")

printf '{"level": "error", "message": "the worker does not stay alive on this machine", "instance": "%s"}\n' "$instance"
aws cloudwatch put-metric-data --namespace "$ATELIER_METRICS_NAMESPACE" --metric-name BootFailures --unit Count \
    --value 1 --dimensions "Queue=$ATELIER_QUEUE"
# The log has to leave the machine before the machine goes.
sleep "${ATELIER_LAST_WORDS_SECONDS:-20}"
aws autoscaling set-instance-health --instance-id "$instance" --health-status Unhealthy --no-should-respect-grace-period
