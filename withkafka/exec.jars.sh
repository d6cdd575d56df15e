# shellcheck shell=bash disable=SC2154 # exec.sh, which sources this, sets the variables
# The brokers of docker-compose.yml as Java processes of their own, from Apache's jars: what exec.sh does without Docker.
#
# Each process has a directory, KAFKA_DIRECTORY/KIND/NAME: its settings, its log, its data, and a file with its process id
# and the time that process started, so that no other process that got the same number is ever stopped.

java=${JAVA_HOME:+$JAVA_HOME/bin/}java

jars_version() { echo "Apache Kafka $(jars_kafka_version) from Apache's jars"; }

jars_kafka_version() { sed -n 's/.*<kafka.version>\(.*\)<\/kafka.version>.*/\1/p' "$(jars_pom)"; }

jars_pom() { if [ "$kind" = zookeeper ]; then echo "$here/jars/zookeeper.xml"; else echo "$here/jars/kraft.xml"; fi; }

jars_directory() { echo "${KAFKA_JARS:-$home/jars}/$(basename "$(jars_pom)" .xml)"; }

# Beside the brokers' ports: each controller has one, ten above.
jars_more_ports() {
  local number
  [ "$kind" = zookeeper ] || for number in $(numbers); do jars_controller_port "$number"; done
}

jars_controller_port() { echo $((port + 9 + $1)); }

# --- the jars -----------------------------------------------------------------------------------------------------------

# The jars are complete when the pom they were fetched by lies beside them.
jars_prepare() {
  local directory
  directory=$(jars_directory)
  jars_check_java
  cmp -s "$(jars_pom)" "$directory/pom.xml" && return
  command -v mvn >/dev/null || jars_missing 'no Maven, which fetches the jars of Apache Kafka'
  mkdir -p "$home" "$directory"
  rm -f "$directory"/*
  mvn -B -f "$(jars_pom)" dependency:copy-dependencies "-DoutputDirectory=$directory" >"$home/maven.log" 2>&1 &
  follow $! "fetching Apache Kafka $(jars_kafka_version) with Maven" jars_fetched ||
    jars_not_fetched
  cp "$(jars_pom)" "$directory/pom.xml"
}

jars_not_fetched() {
  grep '^\[ERROR\]' "$home/maven.log" | head -n 3 >&2
  fail "$failed" 'the jars could not be fetched' "Maven failed; all that it said is in $home/maven.log" \
    'check the connection, then exec.sh up again'
}

jars_fetched() { echo "($(grep -c 'Downloaded from' "$home/maven.log") files)"; }

jars_check_java() {
  local version
  version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 17 ] || jars_missing "no Java 17 or newer${version:+ (this one is $version)}"
}

jars_missing() {
  fail "$failed" 'Apache Kafka cannot run here' "no Docker engine answers, and there is $1" \
    'npx odradek serve   (the embedded broker: same port, same programs, nothing to install)'
}

# --- processes ----------------------------------------------------------------------------------------------------------

jars_home_of() { echo "$home/$kind/broker-$1"; }

# started_at PID: something that no later process of the same number shares; nothing for one that has ended.
started_at() {
  local stat
  if [ ! -d /proc/self ]; then
    ps -o lstart= -p "$1" 2>/dev/null | tr -d ' '
  elif stat=$(cat "/proc/$1/stat" 2>/dev/null); then
    stat=${stat##*) } # behind the name, which may hold anything: the state, …, and as the twentieth the start
    case $stat in Z*) ;; *) echo "$stat" | cut -d ' ' -f 20 ;; esac # Z: it has ended, and nobody has asked how
  fi
}

# launch DIRECTORY JAVA-ARGUMENTS…: little memory, one collector thread, the quick compiler: three of them share two cores.
launch() {
  local directory=$1
  shift
  nohup "$java" -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=$here/jars/log4j2.properties" "-Dlog4j.configuration=file:$here/jars/log4j.properties" \
    -cp "$(jars_directory)/*" "$@" >>"$directory/log" 2>&1 </dev/null &
  echo "$! $(started_at $!)" >"$directory/pid"
  disown $!
}

# pid_in DIRECTORY: the process that was launched there, when it is still that one.
pid_in() {
  local pid start
  [ -f "$1/pid" ] && read -r pid start <"$1/pid" && [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}

# end_process DIRECTORY SECONDS: asks it to end, waits, and ends it by force when it has not.
end_process() {
  local pid ticks=$(($2 * 10))
  pid=$(pid_in "$1") && kill "$pid" 2>/dev/null
  while pid=$(pid_in "$1"); do
    if [ $ticks -eq 0 ]; then kill -9 "$pid" 2>/dev/null; fi
    ticks=$((ticks - 1))
    sleep 0.1
  done
  rm -f "$1/pid"
}

jars_process() {
  local pid
  pid=$(pid_in "$(jars_home_of "$1")") && echo "pid $pid"
}

# jars_are_alive N…: fails when one of them has ended, so that nobody waits for it.
jars_are_alive() {
  local number
  for number in "$@"; do jars_process "$number" >/dev/null || return; done
}

jars_not_answering() {
  local number
  for number in $(numbers); do
    jars_process "$number" >/dev/null && continue
    say "Broker $number has ended. The last lines of its log:"
    tail -n 8 "$(jars_home_of "$number")/log" >&2
  done
  fail "$failed" 'not every broker answers' "their logs say why: $home/$kind/broker-*/log" 'exec.sh down, then exec.sh up'
}

# --- settings -----------------------------------------------------------------------------------------------------------

# Both kinds of broker. The same settings as in docker-compose.yml.
jars_settings() {
  cat <<PROPERTIES
listener.security.protocol.map=HOST:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=HOST
advertised.listeners=HOST://$(address "$1")
log.dirs=$(jars_home_of "$1")/data
auto.create.topics.enable=true
num.partitions=3
group.initial.rebalance.delay.ms=0
PROPERTIES
}

# jars_copies COPIES MIN-IN-SYNC: how many copies Kafka keeps, of topics and of what it notes for itself.
jars_copies() {
  if [ "$1" -gt 1 ]; then
    echo "default.replication.factor=$1"
    echo "min.insync.replicas=$2"
  fi
  cat <<PROPERTIES
offsets.topic.replication.factor=$1
transaction.state.log.replication.factor=$1
transaction.state.log.min.isr=$2
PROPERTIES
}

jars_kraft_settings() {
  local voters='' other
  for other in $(numbers); do voters="$voters${voters:+,}$other@127.0.0.1:$(jars_controller_port "$other")"; done
  cat <<PROPERTIES
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$voters
controller.listener.names=CONTROLLER
listeners=HOST://127.0.0.1:$((port + $1 - 1)),CONTROLLER://127.0.0.1:$(jars_controller_port "$1")
share.coordinator.state.topic.replication.factor=$2
share.coordinator.state.topic.min.isr=$3
PROPERTIES
}

jars_configure() {
  local directory copies=1 in_sync=1
  if [ "$kind" = cluster ]; then copies=3 in_sync=2; fi
  directory=$(jars_home_of "$1")
  mkdir -p "$directory"
  {
    jars_settings "$1"
    jars_copies $copies $in_sync
    if [ "$kind" = zookeeper ]; then
      echo "broker.id=$1"
      echo "listeners=HOST://127.0.0.1:$port"
      echo "zookeeper.connect=127.0.0.1:$zookeeper_port"
      echo "zookeeper.session.timeout.ms=6000"
    else
      jars_kraft_settings "$1" $copies $in_sync
    fi
  } >"$directory/server.properties"
}

# A directory gets its cluster's id once. The ids are those of docker-compose.yml.
jars_format() {
  local number directory id=odradekSingleBrokerAAA
  [ "$kind" = cluster ] && id=odradekThreeBrokersAAA
  for number in $(numbers); do
    directory=$(jars_home_of "$number")
    [ -f "$directory/data/meta.properties" ] && continue
    "$java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$here/jars/log4j2.properties" -cp "$(jars_directory)/*" \
      kafka.tools.StorageTool format -t $id -c "$directory/server.properties" >"$directory/log" 2>&1 &
  done
  for number in $(jobs -p); do
    follow "$number" 'preparing the data directories' ||
      fail "$failed" 'a data directory could not be prepared' "the reason is in $home/$kind/broker-*/log" 'exec.sh down --delete-data'
  done
}

# --- what exec.sh calls -------------------------------------------------------------------------------------------------

jars_up() {
  aside jars_launch_all || exit
}

jars_launch_all() {
  local number
  for number in $(numbers); do jars_configure "$number"; done
  if [ "$kind" = zookeeper ]; then jars_start_zookeeper; else jars_format; fi
  for number in $(numbers); do launch_broker "$number"; done
}

launch_broker() { launch "$(jars_home_of "$1")" kafka.Kafka "$(jars_home_of "$1")/server.properties"; }

# Starts ZooKeeper where it does not run yet, and waits until a broker can register there.
jars_start_zookeeper() {
  local directory=$home/zookeeper/zookeeper
  mkdir -p "$directory"
  cat >"$directory/zookeeper.properties" <<PROPERTIES
dataDir=$directory/data
clientPort=$zookeeper_port
clientPortAddress=127.0.0.1
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=srvr,dump
PROPERTIES
  pid_in "$directory" >/dev/null ||
    launch "$directory" org.apache.zookeeper.server.quorum.QuorumPeerMain "$directory/zookeeper.properties"
  jars_await_zookeeper "$directory" &
  follow $! "waiting for ZooKeeper on localhost:$zookeeper_port" ||
    fail "$failed" 'ZooKeeper does not answer' "its log says why: $directory/log" 'exec.sh down, then exec.sh up zookeeper'
}

# Until ZooKeeper answers, and has forgotten a broker that was killed: its successor may not register before.
jars_await_zookeeper() {
  local seconds=0
  until zookeeper_takes_brokers; do
    pid_in "$1" >/dev/null && [ $seconds -lt "$start_seconds" ] || return
    seconds=$((seconds + 1))
    sleep 1
  done
}

zookeeper_takes_brokers() {
  case $(zookeeper_says srvr) in *Mode:*) ;; *) return 1 ;; esac
  case $(zookeeper_says dump) in *'/brokers/ids/'*) return 1 ;; esac
}

zookeeper_says() { { exec 3<>"/dev/tcp/127.0.0.1/$zookeeper_port" && echo "$1" >&3 && cat <&3; } 2>/dev/null; }

jars_start() {
  [ "$kind" = zookeeper ] && jars_start_zookeeper
  launch_broker "$1"
}

jars_stop() {
  end_process "$(jars_home_of "$1")" 60 &
  follow $! "stopping broker $1"
}

# All brokers at once: each waits for another to take over what it leads. The last has nobody, and is not waited for long.
jars_down() {
  local number
  for number in $(numbers); do end_process "$(jars_home_of "$number")" 20 & done
  for number in $(jobs -p); do follow "$number" 'stopping the brokers'; done
  [ "$kind" = zookeeper ] && end_process "$home/zookeeper/zookeeper" 20
  return 0
}

jars_delete_data() { rm -rf "$home/single" "$home/cluster" "$home/zookeeper"; }

jars_logs() {
  local files=("$home/$kind"/*/log)
  [ -n "$2" ] && files=("$(jars_home_of "$2")/log")
  if [ -n "$1" ]; then exec tail -n 100 -F "${files[@]}"; else tail -n 100 "${files[@]}"; fi
}
