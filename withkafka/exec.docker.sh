# shellcheck shell=bash disable=SC2154 # exec.sh, which sources this, sets the variables
# The services of docker-compose.yml: what exec.sh does with a Docker engine. The names are those of exec.jars.sh.

# docker_compose_command: the one that this machine has.
docker_compose_command() {
  if docker compose version >/dev/null 2>&1; then
    echo docker compose
  elif command -v docker-compose >/dev/null; then
    echo docker-compose
  else
    return 1
  fi
}

# compose ARGUMENTS…: on the profile of what is up, with its ports. They do not matter where nothing is up.
compose() {
  export KAFKA_PORT=${port:-9092} KAFKA_ZOOKEEPER_PORT=${zookeeper_port:-2181}
  export KAFKA_PORT_2=$((KAFKA_PORT + 1)) KAFKA_PORT_3=$((KAFKA_PORT + 2))
  $(docker_compose_command) -f "$here/docker-compose.yml" --profile "$kind" "$@"
}

docker_service() {
  case $kind in cluster) echo "kafka-$1" ;; zookeeper) echo kafka-with-zookeeper ;; *) echo kafka ;; esac
}

docker_version() {
  local line=4
  [ "$kind" = zookeeper ] && line=3
  echo "Apache Kafka $(sed -n "s/.*image: apache\/kafka:\($line\..*\)/\1/p" "$here/docker-compose.yml" | head -n 1) in containers"
}

docker_more_ports() { :; }

docker_prepare() { :; }

docker_up() {
  compose up -d || fail "$failed" 'Docker Compose could not start the brokers' 'what it said stands above' 'exec.sh up again, or exec.sh logs'
}

docker_process() {
  local container
  container=$(compose ps -q "$(docker_service "$1")" 2>/dev/null) && [ -n "$container" ] &&
    [ "$(docker inspect -f '{{.State.Running}}' "$container" 2>/dev/null)" = true ] && echo "container $(echo "$container" | cut -c 1-12)"
}

docker_are_alive() {
  local number
  for number in "$@"; do docker_process "$number" >/dev/null || return; done
}

docker_not_answering() {
  compose logs --tail 20 >&2
  fail "$failed" 'not every broker answers' 'the last lines of their logs stand above' 'exec.sh down, then exec.sh up'
}

docker_start() { compose start "$(docker_service "$1")"; }

docker_stop() { compose stop "$(docker_service "$1")"; }

# The image declares volumes that nobody uses; `rm -v` takes them along. The named ones, with the data, stay.
docker_down() {
  compose rm --stop --force -v && compose down
}

docker_delete_data() { for kind in single cluster zookeeper; do compose down --volumes; done; }

docker_logs() {
  local arguments='--tail 100'
  [ -n "$1" ] && arguments="$arguments --follow"
  [ -n "$2" ] && arguments="$arguments $(docker_service "$2")"
  # shellcheck disable=SC2086 # one word for each argument
  compose logs $arguments
}
