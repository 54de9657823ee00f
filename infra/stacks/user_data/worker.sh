#!/usr/bin/env bash
# Makes a worker of a bare machine. On AWS this is the user data of an instance; with ATELIER_MACHINE=here it does the
# same in one folder, without root or systemd, and ends as the worker itself.
set -Eeuo pipefail

# ---- What is wanted: all of it may be set from outside ----------------------------------------------------------
: "${ATELIER_PACKAGE:?where the worker package is: s3://bucket/key, or a zip or folder on this machine}"
: "${ATELIER_STEPS_TEXT_QUEUE_URL:=}" "${ATELIER_STEPS_IMAGE_QUEUE_URL:=}"
: "${ATELIER_STEPS_TEXT_QUEUE_URL:-${ATELIER_STEPS_IMAGE_QUEUE_URL:?a queue of tasks, or ATELIER_STEPS_TEXT_QUEUE_URL}}"
: "${ATELIER_EVENTS_QUEUE_URL:?the queue of events}"
: "${ATELIER_MEDIA_BUCKET:?the bucket of inputs and outputs}"
: "${ATELIER_MACHINE:=ec2}"                # ec2: root and systemd; here: this user, this folder, this process
: "${ATELIER_HOME:=/var/lib/atelier}"      # models and what is fetched on the way
: "${ATELIER_PREFIX:=/opt/atelier}"        # the package and its virtual environment
: "${ATELIER_PYTHON:=python3.11}"
: "${ATELIER_PROFILE:=gpu}"
: "${ATELIER_LOG_FORMAT:=json}"
: "${ATELIER_QUEUE:=}" "${ATELIER_GROUP:=}" "${ATELIER_LOG_GROUP:=}" "${ATELIER_METRICS_NAMESPACE:=}"
export ATELIER_HOME ATELIER_PROFILE ATELIER_LOG_FORMAT ATELIER_METRICS_NAMESPACE

PACKAGE=$ATELIER_PREFIX/package
VENV=$ATELIER_PREFIX/venv
LOGS=${ATELIER_LOGS:-/var/log/atelier}
ETC=${ATELIER_ETC:-/etc}
LOG_AGENT=${ATELIER_LOG_AGENT:-/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl}

# ---- Every machine ----------------------------------------------------------------------------------------------
say() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '{"level": "%s", "message": "%s", "at": "%s"}\n' "${2:-info}" "${text//$'\n'/ }" "$(date -u +%FT%TZ)"
}

fetch_package() {
    say "fetching the worker package"
    rm -rf "$PACKAGE"
    mkdir -p "$PACKAGE"
    case $ATELIER_PACKAGE in
        s3://*)
            aws s3 cp --only-show-errors "$ATELIER_PACKAGE" "$ATELIER_PREFIX/package.zip"
            "$ATELIER_PYTHON" -m zipfile -e "$ATELIER_PREFIX/package.zip" "$PACKAGE" ;;
        *.zip) "$ATELIER_PYTHON" -m zipfile -e "$ATELIER_PACKAGE" "$PACKAGE" ;;
        *) cp -R "$ATELIER_PACKAGE/." "$PACKAGE" ;;
    esac
}

install_packages() {
    say "installing Python packages"
    "$ATELIER_PYTHON" -m venv "$VENV"
    local pip=("$VENV/bin/python" -m pip install --no-input --quiet --disable-pip-version-check --only-binary :all:
               -c "$PACKAGE/constraints.txt")
    # First and by itself, so that no other package's wish picks another build of it.
    "${pip[@]}" "$(grep '^torch==' "$PACKAGE/gpu_worker/requirements.txt")"
    "${pip[@]}" -r "$PACKAGE/gpu_worker/requirements.txt"
    "${pip[@]}" --no-deps -r "$PACKAGE/gpu_worker/requirements-wheels.txt"
}

run_here() {
    mkdir -p "$ATELIER_HOME"
    fetch_package
    install_packages
    cd "$PACKAGE"
    "$VENV/bin/python" -m gpu_worker prepare
    exec "$VENV/bin/python" -m gpu_worker
}

# ---- A machine of an auto scaling group: root, systemd, CloudWatch ----------------------------------------------
instance_id() {
    local token
    token=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
    curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id
}

answer_launch_hook() {
    aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$ATELIER_GROUP" \
        --lifecycle-hook-name launch --instance-id "$(instance_id)" --lifecycle-action-result "$1"
}

# The alarm "a worker failed to start" hangs on this metric; the group takes another machine in place of this one.
give_up() {
    trap - ERR
    set +e
    say "boot failed in line $1: $2" error
    aws cloudwatch put-metric-data --namespace "$ATELIER_METRICS_NAMESPACE" --metric-name BootFailures --unit Count \
        --value 1 --dimensions "Queue=$ATELIER_QUEUE"
    # The log has to leave the machine before the machine goes.
    sleep 20
    answer_launch_hook ABANDON
    exit 1
}

install_system() {
    say "installing system packages"
    dnf install -y -q "$ATELIER_PYTHON" amazon-cloudwatch-agent
    id atelier >/dev/null 2>&1 || useradd --system --home-dir "$ATELIER_HOME" --shell /sbin/nologin atelier
    install -d -o root -g root -m 0755 "$ATELIER_PREFIX" "$ETC/atelier"
    install -d -o atelier -g atelier -m 0750 "$ATELIER_HOME" "$LOGS"
}

ship_logs() {
    local config=$ETC/atelier/cloudwatch-agent.json
    sed -e "s|@LOG_GROUP@|$ATELIER_LOG_GROUP|" "$PACKAGE/machine/cloudwatch-agent.json" >"$config"
    install -m 0644 "$PACKAGE/machine/logrotate.conf" "$ETC/logrotate.d/atelier"
    "$LOG_AGENT" -a fetch-config -m ec2 -s -c "file:$config"
}

# Without its GPU a worker would work, a hundred times slower, and nobody would know why.
check_gpu() {
    [ "$ATELIER_PROFILE" = demo ] && return
    say "looking for the GPU"
    "$VENV/bin/python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'
}

# What the units read; single quotes, since some of it is JSON.
write_environment() {
    local name
    for name in $(compgen -v | grep -E '^(ATELIER|AWS)_'); do
        printf "%s='%s'\n" "$name" "${!name}"
    done >"$ETC/atelier/worker.env"
    chmod 0644 "$ETC/atelier/worker.env"
}

start_units() {
    say "preparing the models and starting the worker"
    install -m 0755 "$PACKAGE"/machine/*.sh "$ATELIER_PREFIX"
    install -m 0644 "$PACKAGE"/machine/*.service "$ETC/systemd/system"
    systemctl daemon-reload
    systemctl enable --now atelier-watch.service
    # Comes back once every model is in place and the worker is started.
    systemctl enable --now atelier-worker.service
    sleep 20
    systemctl is-active --quiet atelier-worker.service
}

run_on_ec2() {
    mkdir -p "$LOGS"
    exec >>"$LOGS/boot.log" 2>&1
    trap 'give_up "$LINENO" "$BASH_COMMAND"' ERR
    install_system
    fetch_package
    ship_logs
    install_packages
    check_gpu
    write_environment
    start_units
    answer_launch_hook CONTINUE
    say "the worker is at work"
}

case $ATELIER_MACHINE in
    here) run_here ;;
    ec2) run_on_ec2 ;;
    *) echo "ATELIER_MACHINE is ec2 or here, not $ATELIER_MACHINE" >&2; exit 2 ;;
esac
