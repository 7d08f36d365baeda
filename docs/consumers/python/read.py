"""Prints every insight of a department's stream as one line of JSON, with Confluent's Avro deserializer.

At least once: an offset is stored after its line was written, so a line may come twice after a crash, never not at
all. Output is ASCII (other characters are escaped), so it is safe to look at in a terminal.

    KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8080 python read.py --until-end
"""

import argparse
import datetime
import json
import os
import signal
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def main():
    options = parse_arguments()
    topic = f"{os.environ.get('KAFKA_TOPIC_PREFIX', '')}insights.{options.department}.v1"
    decode = AvroDeserializer(SchemaRegistryClient({"url": setting("SCHEMA_REGISTRY_URL")}))
    consumer = Consumer(
        {
            "bootstrap.servers": setting("KAFKA_BROKERS"),
            "group.id": options.group,
            # Without it, the words of transactions that were taken back would be read as well.
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
            "enable.partition.eof": options.until_end,
            "allow.auto.create.topics": False,
            **dict(each.split("=", 1) for each in options.set),
        }
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    consumer.subscribe([topic])
    ended = set()
    try:
        while True:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error() is not None:
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(message.error())
                ended.add(message.partition())
                if ended.issuperset(each.partition for each in consumer.assignment()):
                    return
                continue
            ended.discard(message.partition())
            context = SerializationContext(topic, MessageField.VALUE)
            print(line(message, decode(message.value(), context)), flush=True)
            consumer.store_offsets(message)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()  # commits the offsets stored


def line(message, insight):
    return json.dumps(
        {
            "partition": message.partition(),
            "offset": message.offset(),
            "key": message.key().decode(),
            "headers": {name: value.decode() for name, value in message.headers() or []},
            "insight": insight,
        },
        default=plain,
    )


def plain(value):
    """Times are Avro's timestamp-millis, which the deserializer gives as aware datetimes."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(f"no JSON for {type(value).__name__}")


def setting(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"Set {name}; docs/consuming.md says to what.")
    return value


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--department", default="operations")
    parser.add_argument("--group", default="operations.example", help="consumer group")
    parser.add_argument("--until-end", action="store_true", help="end once all there is was read")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="further librdkafka settings, such as security.protocol=SASL_SSL",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
