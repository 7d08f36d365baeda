// How unlikely counts are by chance.
import { describe, expect, it } from 'vitest';
import { upperTail } from '../../services/alert/detect/negative-binomial.ts';

describe('the upper tail of a negative binomial', () => {
  it('ends where its terms are the smallest numbers that there are', () => {
    const tail = upperTail(1942, 12.946123984174946, 0.16488672264271115);
    expect(tail).toBeGreaterThan(0);
    expect(tail).toBeLessThan(1e-300);
  });
});
