#!/bin/sh
# Lists what stands in a department's stream with kcat: place, key, size, schema id and headers of every record, one
# line each. Debian's kcat is built without Avro, so words are not shown: read.py does that.
#
#   KAFKA_BROKERS=localhost:9092 docs/consumers/kcat.sh            lists what is there, and ends
#   KAFKA_BROKERS=localhost:9092 docs/consumers/kcat.sh -o end     waits for what comes; see kcat -h for more
set -eu
brokers=${KAFKA_BROKERS:?'Set KAFKA_BROKERS to host:port of one or more brokers.'}
topic=${KAFKA_TOPIC_PREFIX:-}insights.${DEPARTMENT:-operations}.v1
command -v kcat >/dev/null || {
  echo 'kcat is not installed (Debian: apt-get install kcat; macOS: brew install kcat).' >&2
  exit 69
}
[ $# -gt 0 ] || set -- -o beginning -e

# %s is unpacked as the Confluent framing says: a zero byte, then the schema id, 32 bits big-endian. So 05 is schema 5.
exec kcat -C -q -b "$brokers" -t "$topic" -X isolation.level=read_committed -s 'value=>bI' \
  -f '%p\t%o\t%T\t%k\tbytes=%S\tschema=%s\t%h\n' "$@"
