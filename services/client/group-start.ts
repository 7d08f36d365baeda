// Where a group begins that is to read only what comes from now on.
import type { Kafka } from 'kafkajs';

/** The ends of those of `partitions` in which the group has no offset yet. @throws what kafkajs throws. */
export async function endsOfUnread(
  kafka: Kafka,
  { group, topic }: { readonly group: string; readonly topic: string },
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const ends = await admin.fetchTopicOffsets(topic);
    return new Map(
      partitions.flatMap((partition) => {
        const known = committed?.partitions.find((each) => each.partition === partition)?.offset;
        const end = ends.find((each) => each.partition === partition)?.high;
        if ((known !== undefined && known !== '-1') || end === undefined) return [];
        return [[partition, Number(end)] as const];
      }),
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
