#!/bin/sh
# Shows a department's stream with the Java console consumer that comes with Apache Kafka: headers, key and value of
# every record, one line each. Values stay Avro: bytes that are no ASCII text are shown as \xNN, so that nothing a
# customer wrote reaches the terminal as a control sequence.
#
#   KAFKA_HOME=/opt/kafka KAFKA_BROKERS=localhost:9092 docs/consumers/console-consumer.sh --from-beginning
#
# Without KAFKA_HOME, CLASSPATH must name Kafka's jars.
set -eu
brokers=${KAFKA_BROKERS:?'Set KAFKA_BROKERS to host:port of one or more brokers.'}
topic=${KAFKA_TOPIC_PREFIX:-}insights.${DEPARTMENT:-operations}.v1

# Unlike librdkafka and kafkajs, this consumer shows what aborted transactions wrote unless it is told not to.
# Nothing is committed, so that looking again shows the same; the group has a name because rights go by it.
set -- --bootstrap-server "$brokers" --topic "$topic" --isolation-level read_committed \
  --group "${KAFKA_GROUP:-${DEPARTMENT:-operations}.console}" \
  --command-property enable.auto.commit=false \
  --formatter-property print.partition=true --formatter-property print.offset=true \
  --formatter-property print.headers=true --formatter-property print.key=true \
  --formatter-property value.deserializer=org.apache.kafka.common.serialization.BytesDeserializer \
  "$@"
if [ -n "${KAFKA_HOME:-}" ]; then
  exec "$KAFKA_HOME/bin/kafka-console-consumer.sh" "$@"
fi
: "${CLASSPATH:?'Set KAFKA_HOME to a Kafka distribution, or CLASSPATH to its jars.'}"
exec java -Xmx128m -XX:TieredStopAtLevel=1 org.apache.kafka.tools.consumer.ConsoleConsumer "$@"
