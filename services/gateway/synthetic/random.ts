// A small seeded source of randomness (sfc32): the same seed gives the same sequence on every machine.

export interface Random {
  /** Starts a new sequence; the same three 32-bit words always give the same one. */
  seed(a: number, b: number, c: number): void;
  /** A number in [0, 1). */
  float(): number;
  /** A whole number in [0, count). */
  below(count: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
}

// The author of sfc32 (Chris Doty-Humphrey, PractRand) mixes at least 12 rounds after seeding.
const WARM_UP_ROUNDS = 12;

export function createRandom(a: number, b: number, c: number): Random {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let counter = 1;

  function step(): number {
    const result = (s0 + s1 + counter) | 0;
    counter = (counter + 1) | 0;
    s0 = s1 ^ (s1 >>> 9);
    s1 = (s2 + (s2 << 3)) | 0;
    s2 = ((s2 << 21) | (s2 >>> 11)) + result;
    s2 |= 0;
    return result;
  }

  function seed(x: number, y: number, z: number): void {
    s0 = x | 0;
    s1 = y | 0;
    s2 = z | 0;
    counter = 1;
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) step();
  }

  const float = (): number => (step() >>> 0) / 4_294_967_296;
  seed(a, b, c);
  return {
    seed,
    float,
    below: (count) => Math.floor(float() * count),
    chance: (probability) => float() < probability,
  };
}

/** One of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** A waiting time with the given mean (exponential distribution), in the unit of the mean. */
export function waiting(random: Random, mean: number): number {
  return -Math.log(1 - random.float()) * mean;
}
