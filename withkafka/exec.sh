#!/usr/bin/env bash
# A real Apache Kafka on this machine: with a Docker engine from docker-compose.yml, without one from Apache's own jars.
#
# Here are the commands and what both ways share. exec.docker.sh and exec.jars.sh are the two ways: each defines the same
# functions (prepare, up, down, start, stop, process, logs, …) with its name in front. Written for bash 3.2, which macOS has.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(dirname "$here")
# shellcheck source-path=SCRIPTDIR source=exec.docker.sh
. "$here/exec.docker.sh"
# shellcheck source-path=SCRIPTDIR source=exec.jars.sh
. "$here/exec.jars.sh"

readonly failed=1 wrong_usage=2 unreachable=3 interrupted=130 # as in src/cli/exit-codes.ts
readonly start_seconds=180                                    # a machine of two cores needs ten to thirty, a busy one more

home=${KAFKA_DIRECTORY:-$here/.kafka}
runner='' kind='' port='' zookeeper_port='' undo=''

help() {
  cat <<'HELP'
withkafka/exec.sh COMMAND: a real Apache Kafka on this machine

  up [single|cluster|zookeeper]
                         starts it, and waits until every broker answers
                           single      one broker on localhost:9092
                           cluster     three, on 9092, 9093 and 9094: three
                                       copies, writes need two of them
                           zookeeper   one broker of Kafka 3.9, the last that
                                       can use ZooKeeper
  down [--delete-data]   stops it; the data stays unless it is to be deleted (of
                         all three kinds)
  status                 the brokers: address, state, process, partitions that
                         each leads
  wait [SECONDS]         until every started broker answers (60)
  stop-broker N          takes one broker away
  start-broker N         brings it back on the same data
  logs [N] [--follow]    what the brokers, or broker N, wrote
  prod [OPTIONS]         kafkaprod.ts, the producer (exec.sh prod --help)
  cons [OPTIONS]         kafkacons.ts, the consumer (exec.sh cons --help)

With a Docker engine the brokers are containers. Without one they run from
Apache's jars (Java 17; Maven fetches the jars once, about 50 MB), on the same
ports with the same settings. Without both: npx odradek serve

Environment
  KAFKA_PORT             the first broker's port (9092); the others have the
                         next ones
  KAFKA_ZOOKEEPER_PORT   2181
  KAFKA_DIRECTORY        where jars, data and logs lie when there is no Docker
                         (withkafka/.kafka)
  KAFKA_JARS             where the jars lie (KAFKA_DIRECTORY/jars)

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no broker answers, 130
interrupted
HELP
}

say() { printf '%s\n' "$*" >&2; }

# fail CODE WHAT WHY TRY: an error in the three lines that every command of this project shows.
fail() {
  say "error: $2"
  say "  why: $3"
  say "  try: $4"
  exit "$1"
}

usage() { fail $wrong_usage "$1" "$2" 'exec.sh --help'; }

# --- what is up: one line in a file, so that `down` stops what `up` started, in the way it started it --------------------

remember() {
  mkdir -p "$home"
  echo "$runner $kind $port $zookeeper_port" >"$home/up"
}

# is_up: recalls what is up; false when nothing is, also after a reboot.
is_up() {
  local number
  recall || return 1
  for number in $(numbers); do "${runner}_process" "$number" >/dev/null && return 0; done
  return 1
}

recall() { [ -f "$home/up" ] && read -r runner kind port zookeeper_port <"$home/up"; }

require_up() { is_up || nothing_is_up; }

nothing_is_up() { fail $unreachable 'no broker is up' 'exec.sh has started none, or they have ended' 'exec.sh up'; }

numbers() { if [ "$kind" = cluster ]; then echo 1 2 3; else echo 1; fi; }
address() { echo "localhost:$((port + $1 - 1))"; }

started_numbers() {
  local number
  for number in $(numbers); do "${runner}_process" "$number" >/dev/null && echo "$number"; done
}

# a_broker N: N is the number of a broker of what is up.
a_broker() {
  local number
  recall || nothing_is_up
  for number in $(numbers); do [ "$number" = "${1:-}" ] && return 0; done
  usage "there is no broker ${1:-without a number}" "what is up ($kind) has: $(numbers)"
}

# --- waiting, visibly ---------------------------------------------------------------------------------------------------

# follow JOB TEXT [DETAIL]: shows that something goes on until the background job has ended; its code is the job's.
# DETAIL is a command that prints how far it is; when that command fails, the job is ended.
follow() {
  local job=$1 text=$2 detail=${3:-true} tick=0 so_far='' wheel='.oOo'
  if ! is_terminal; then say "$text"; fi
  while kill -0 "$job" 2>/dev/null; do
    tick=$((tick + 1))
    if [ $((tick % 5)) -eq 0 ]; then so_far=$($detail) || kill "$job" 2>/dev/null; fi
    if is_terminal; then
      printf '\r%s %s %s\033[K' "${wheel:tick % 4:1}" "$text" "$so_far" >&2
    elif [ $((tick % 50)) -eq 0 ]; then
      say "$text: $((tick / 5)) s $so_far"
    fi
    sleep 0.2
  done
  if is_terminal; then printf '\r\033[K' >&2; fi
  wait "$job"
}

is_terminal() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

# aside COMMAND…: runs it in a subshell, and gives its code. What expands many $(…) in a row is run so: bash 5.2 loses a signal
# that comes meanwhile ("interrupt trap: unexpected EOF", 2 of 300), but none that comes while it waits.
aside() {
  ("$@") &
  wait $!
}

# await SECONDS N…: until these brokers answer and know each other.
await() {
  local seconds=$1 addresses='' number
  shift
  for number in "$@"; do addresses="$addresses localhost:$((port + number - 1))"; done
  # shellcheck disable=SC2086 # one word for each address
  ask_brokers wait "$seconds" $addresses &
  follow $! "waiting for$addresses" "${runner}_are_alive $*"
}

ask_brokers() {
  cd "$project" || return
  exec node --import tsx withkafka/exec.brokers.ts "$@"
}

need_node() {
  [ -x "$project/node_modules/.bin/tsx" ] && return
  fail $failed 'the packages of this project are not installed' "there is no $project/node_modules" "npm install"
}

# --- the end, whatever led to it ----------------------------------------------------------------------------------------

on_exit() {
  local code=$? job
  trap - EXIT HUP INT TERM
  for job in $(jobs -p); do kill "$job" 2>/dev/null; done
  if [ -n "$undo" ]; then
    say 'Stopping what was started.'
    $undo
    rm -f "$home/up"
  fi
  exit "$code"
}
trap on_exit EXIT
trap 'exit $interrupted' HUP INT TERM

# --- the commands -------------------------------------------------------------------------------------------------------

up() {
  local wanted=${1:-single}
  case $wanted in single | cluster | zookeeper) ;; *) usage "cannot start '$wanted'" 'there are single, cluster and zookeeper' ;; esac
  need_node
  if is_up; then already_up "$wanted" && return; fi
  if recall; then "${runner}_down"; fi # what is left of it, such as ZooKeeper without its broker
  kind=$wanted port=${KAFKA_PORT:-9092} zookeeper_port=${KAFKA_ZOOKEEPER_PORT:-2181}
  choose_runner
  ports_are_free
  "${runner}_prepare"
  undo="${runner}_down"
  remember
  "${runner}_up"
  # shellcheck disable=SC2046 # one word for each number
  await $start_seconds $(numbers) || "${runner}_not_answering"
  undo=''
  say "Up: $("${runner}_version"), $kind, on$(for number in $(numbers); do printf ' %s' "$(address "$number")"; done)"
  say "Next: exec.sh prod --help, exec.sh cons --help; exec.sh down stops it, and the data stays."
}

already_up() {
  [ "$1" = "$kind" ] || fail $failed "'$kind' is up already" 'each kind has a broker on the same port: one at a time' 'exec.sh down'
  local number
  for number in $(numbers); do
    "${runner}_process" "$number" >/dev/null || say "Broker $number is stopped: exec.sh start-broker $number"
  done
  say "Already up: $kind."
}

choose_runner() {
  runner=jars
  if ! docker info >/dev/null 2>&1; then
    say "No Docker engine answers: the brokers run from Apache's jars."
  elif ! docker_compose_command >/dev/null; then
    say "A Docker engine answers, but Docker Compose is missing: the brokers run from Apache's jars."
  else
    runner=docker
    say "A Docker engine answers: the brokers run as containers ($(docker_compose_command))."
  fi
}

ports_are_free() {
  local number ports=''
  for number in $(numbers); do ports="$ports $((port + number - 1))"; done
  [ "$kind" = zookeeper ] && ports="$ports $zookeeper_port"
  for number in $ports $("${runner}_more_ports"); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$number") 2>/dev/null; then
      fail $failed "port $number is taken" 'something else listens there, perhaps a broker that exec.sh did not start' \
        'stop it, or KAFKA_PORT=19092 exec.sh up'
    fi
  done
}

down() {
  case ${1:-} in '' | --delete-data) ;; *) usage "unknown option '$1'" 'down takes --delete-data or nothing' ;; esac
  if recall; then
    "${runner}_down" || fail $failed 'the brokers could not be stopped' 'the reason stands above' 'exec.sh down again'
    rm -f "$home/up"
    say "Down: $kind."
  else
    say 'Nothing is up.'
  fi
  [ "${1:-}" = --delete-data ] && delete_data
  return 0
}

delete_data() {
  [ -n "$runner" ] || runner=jars
  docker_compose_command >/dev/null && docker info >/dev/null 2>&1 && docker_delete_data
  jars_delete_data
  say 'The data of all brokers is deleted.'
}

status() {
  require_up
  need_node
  local number answers code process node_id leads
  # shellcheck disable=SC2046 # one word for each address
  answers=$(ask_brokers status $(for number in $(numbers); do address "$number"; done))
  code=$?
  printf '%s, %s\n%-7s %-17s %-9s %-22s %s\n' "$("${runner}_version")" "$kind" BROKER ADDRESS STATE PROCESS LEADS
  for number in $(numbers); do
    process=$("${runner}_process" "$number") || process=-
    read -r _ node_id leads <<<"$(printf '%s\n' "$answers" | grep -F "$(address "$number")	")"
    printf '%-7s %-17s %-9s %-22s %s\n' "$number" "$(address "$number")" "$(state_of "$process" "$node_id")" "$process" "$leads"
  done
  return $code
}

# state_of PROCESS NODE-ID, '-' for none
state_of() {
  if [ "$2" != - ]; then echo answers; elif [ "$1" = - ]; then echo stopped; else echo silent; fi
}

wait_for_brokers() {
  case ${1:-60} in *[!0-9]*) usage "'$1' is not a number of seconds" 'wait takes whole seconds' ;; esac
  require_up
  need_node
  # shellcheck disable=SC2046 # one word for each number
  await "${1:-60}" $(started_numbers) ||
    fail $unreachable "not every broker answers after ${1:-60} s" 'it still starts, or it fails' 'exec.sh status, exec.sh logs'
}

stop_broker() {
  a_broker "${1:-}"
  if ! "${runner}_process" "$1" >/dev/null; then
    say "Broker $1 is stopped already."
  else
    "${runner}_stop" "$1"
    say "Broker $1 is stopped: exec.sh start-broker $1 brings it back."
  fi
}

start_broker() {
  a_broker "${1:-}"
  need_node
  if "${runner}_process" "$1" >/dev/null; then
    say "Broker $1 runs already."
    return
  fi
  "${runner}_start" "$1"
  await $start_seconds "$1" || "${runner}_not_answering"
  say "Broker $1 is back."
}

logs() {
  local follow='' number=''
  require_up
  while [ $# -gt 0 ]; do
    case $1 in --follow | -f) follow=yes ;; *) a_broker "$1"; number=$1 ;; esac
    shift
  done
  "${runner}_logs" "$follow" "$number"
}

# program FILE ARGUMENTS…: one of the two programs, with the addresses of what is up.
program() {
  need_node
  local file=$1 brokers='' number
  shift
  if [ -z "${KAFKA_BROKERS:-}" ] && recall; then
    for number in $(numbers); do brokers="$brokers${brokers:+,}$(address "$number")"; done
    export KAFKA_BROKERS=$brokers
  fi
  exec "$project/node_modules/.bin/tsx" "$here/$file" "$@"
}

# no_more COMMAND ARGUMENTS…: a command that takes at most one argument got no more.
no_more() { [ $# -le 2 ] || usage "too many arguments: $3" "$1 takes at most one"; }

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  up) no_more up "$@" && up "$@" ;;
  down) no_more down "$@" && down "$@" ;;
  status) status ;;
  wait) no_more wait "$@" && wait_for_brokers "$@" ;;
  stop-broker) no_more stop-broker "$@" && stop_broker "$@" ;;
  start-broker) no_more start-broker "$@" && start_broker "$@" ;;
  logs) logs "$@" ;;
  prod) program kafkaprod.ts "$@" ;;
  cons) program kafkacons.ts "$@" ;;
  help | --help | -h) help ;;
  '') help >&2; exit $wrong_usage ;;
  *) usage "unknown command '$command'" 'the commands are up, down, status, wait, stop-broker, start-broker, logs, prod, cons' ;;
esac
