// How judgements are taken in, by HTTP and by command alike: the portal's rules with the redactor of normalize.
import type { RecordRoute } from '#core/http/record-route.ts';
import { createRedactor } from '../../normalize/redact.ts';
import { judgementRoute } from '../../portal/judgements.ts';
import type { Config } from '../config.ts';

/**
 * @param departments names of those that there are
 * @param judgeOf who judges without a key of the intake; see `ReaderAccess` in services/portal/http/access.ts
 */
export function judgementIntake(
  { normalize: { phoneRegion } }: Pick<Config, 'normalize'>,
  departments: readonly string[],
  judgeOf?: RecordRoute['senderOf'],
): RecordRoute<'judgements'> {
  const redact = createRedactor({ region: phoneRegion });
  return judgementRoute({
    departments,
    redact: (text) => redact(text).text,
    ...(judgeOf !== undefined && { judgeOf }),
  });
}
