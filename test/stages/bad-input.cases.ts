// Kinds of bad import input, each with what must become of it. Data alone, so that reading a file and the
// whole way from import to dead letter can be held to the same table.
import { gzipSync } from 'node:zlib';
import type { ImportReason } from '../../services/gateway/files/import-reason.ts';

interface Case {
  readonly name: string;
  /** The mapping, YAML. */
  readonly mapping: string;
}

/** A file that is read: so many records come through, and these do not. */
export interface RowsCase extends Case {
  readonly bytes: Buffer;
  readonly good: number;
  readonly bad: readonly { readonly line: number; readonly reason: ImportReason }[];
}

/** A file, or a mapping, that is refused as a whole with this error code. */
export interface RefusedCase extends Case {
  readonly bytes: Buffer | 'no such file' | 'a directory';
  readonly fails: string;
}

/** The clock of the table: every date in it is before this. */
export const casesNowMs = Date.UTC(2026, 0, 1);

const tickets = `
source: test-tickets
kind: tickets
format: csv
time: { column: at }
fields:
  id: id
  name: subject
  status: { column: status, values: { open: acknowledged, done: resolved } }
`;
const local = tickets.replace('{ column: at }', '{ column: at, zone: Europe/Madrid }');
const surveys = `
source: test-surveys
kind: surveys
format: csv
time: { column: at }
fields: { id: id, scale: { constant: csat }, score: score, verbatim: verbatim }
`;
const posts = `
source: test-posts
kind: posts
format: jsonl
time: { column: at }
fields: { id: id, text: body.text }
`;
const at = '2025-06-01T10:00:00Z';
const header = 'id,at,status,subject';
const good = (id: string): string => `${id},${at},open,no signal`;

const text = (...lines: (string | Buffer)[]): Buffer =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
/** A ticket file with one good record before and one after; what is in between starts on line 3. */
const between = (...lines: (string | Buffer)[]): Buffer =>
  text(header, good('a'), ...lines, good('z'));
const survey = (...lines: string[]): Buffer =>
  text('id,at,score,verbatim', `a,${at},5,fine`, ...lines, `z,${at},1,bad`);
const post = (id: string): string => JSON.stringify({ id, at, body: { text: 'no signal' } });
const json = (...lines: (string | Buffer)[]): Buffer => text(post('a'), ...lines, post('z'));
const third = (reason: ImportReason): { line: number; reason: ImportReason }[] => [
  { line: 3, reason },
];
const second = (reason: ImportReason): { line: number; reason: ImportReason }[] => [
  { line: 2, reason },
];

const many = text(
  header,
  ...Array.from(
    { length: 20_000 },
    (_, index) => `${index}-${(index * 7919) % 10_007},${at},open,s${index ** 2}`,
  ),
);
const packed = gzipSync(many);
const bombPart = gzipSync(Buffer.alloc(8 * 2 ** 20, 'a'));

function damaged(): Buffer {
  const bytes = Buffer.from(packed);
  bytes.fill(0xff, 90_000, 90_400);
  return bytes;
}

export const rowsCases: readonly RowsCase[] = [
  // The file around the lines: nothing is bad about these, and nothing may be lost.
  {
    name: 'UTF-8 byte order mark',
    mapping: tickets,
    bytes: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), between()]),
    good: 2,
    bad: [],
  },
  {
    name: 'UTF-16 little endian with its mark',
    mapping: tickets,
    bytes: Buffer.from(`\ufeff${between().toString()}`, 'utf16le'),
    good: 2,
    bad: [],
  },
  {
    name: 'UTF-16 big endian with its mark',
    mapping: tickets,
    bytes: Buffer.from(`\ufeff${between().toString()}`, 'utf16le').swap16(),
    good: 2,
    bad: [],
  },
  {
    name: 'CRLF',
    mapping: tickets,
    bytes: Buffer.from(between().toString().replaceAll('\n', '\r\n')),
    good: 2,
    bad: [],
  },
  {
    name: 'bare CR',
    mapping: tickets,
    bytes: Buffer.from(between('c,nonsense,open,x').toString().replaceAll('\n', '\r')),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'no line end at the end',
    mapping: tickets,
    bytes: Buffer.from(`${header}\n${good('a')}`),
    good: 1,
    bad: [],
  },
  {
    name: 'blank lines',
    mapping: tickets,
    bytes: between('', '   ', '', 'c,,open,x'),
    good: 2,
    bad: [{ line: 6, reason: 'missing-time' }],
  },
  { name: 'header and no rows', mapping: tickets, bytes: text(header), good: 0, bad: [] },
  {
    name: 'declared Windows-1252',
    mapping: `${tickets}encoding: windows-1252\n`,
    bytes: between(Buffer.from(`c,${at},open,caf\u00e9`, 'latin1')),
    good: 3,
    bad: [],
  },
  {
    name: 'line ends inside quotes',
    mapping: tickets,
    bytes: between(`c,${at},open,"one\ntwo ""three""\n\nfour"`, 'd,x,open,y'),
    good: 3,
    bad: [{ line: 7, reason: 'invalid-time' }],
  },
  // The bytes of a line.
  {
    name: 'a line in another encoding',
    mapping: tickets,
    bytes: between(Buffer.from(`c,${at},open,caf\u00e9`, 'latin1')),
    good: 2,
    bad: third('invalid-encoding'),
  },
  {
    name: 'an overlong UTF-8 sequence',
    mapping: tickets,
    bytes: between(Buffer.from([0x63, 0xc0, 0xaf, 0x2c])),
    good: 2,
    bad: third('invalid-encoding'),
  },
  {
    name: 'a lone surrogate in UTF-16',
    mapping: tickets,
    bytes: Buffer.from(`\ufeff${between().toString()}c,\ud800,open,x\n${good('d')}\n`, 'utf16le'),
    good: 3,
    bad: [{ line: 4, reason: 'invalid-encoding' }],
  },
  {
    name: 'UTF-16 that ends in half a unit',
    mapping: tickets,
    bytes: Buffer.concat([
      Buffer.from(`\ufeff${between().toString()}c,x`, 'utf16le'),
      Buffer.from([0x41]),
    ]),
    good: 2,
    bad: [{ line: 4, reason: 'invalid-encoding' }],
  },
  {
    name: 'a byte that Shift JIS does not have',
    mapping: `${tickets}encoding: shift_jis\n`,
    bytes: between(Buffer.from([0x63, 0xff, 0x2c])),
    good: 2,
    bad: third('invalid-encoding'),
  },
  {
    name: 'a NUL',
    mapping: tickets,
    bytes: between(`c,${at},open,no\0signal`),
    good: 2,
    bad: third('nul-byte'),
  },
  {
    name: 'a NUL inside quotes over two lines',
    mapping: tickets,
    bytes: between(`c,${at},open,"no\nsi\0gnal"`),
    good: 2,
    bad: third('nul-byte'),
  },
  {
    name: 'a line of 10 MB',
    mapping: tickets,
    bytes: between(`c,${at},open,${'x'.repeat(10_000_000)}`, 'd'),
    good: 2,
    bad: [
      { line: 3, reason: 'line-too-long' },
      { line: 4, reason: 'column-count' },
    ],
  },
  {
    name: 'a line of 10 MB that ends the file',
    mapping: tickets,
    bytes: Buffer.concat([between(), Buffer.alloc(10_000_000, 'x')]),
    good: 2,
    bad: [{ line: 4, reason: 'line-too-long' }],
  },
  {
    name: 'a line of 10 MB within an open quote',
    mapping: tickets,
    bytes: between(`c,${at},open,"x`, 'y'.repeat(10_000_000)),
    good: 2,
    bad: [
      { line: 3, reason: 'quote-not-closed' },
      { line: 4, reason: 'line-too-long' },
    ],
  },
  {
    name: 'binary rubbish between lines',
    mapping: tickets,
    bytes: between(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0xff])),
    good: 2,
    bad: third('invalid-encoding'),
  },
  // Delimited text.
  {
    name: 'a quote not closed',
    mapping: tickets,
    bytes: between(`c,${at},open,"no signal`, good('d')),
    good: 3,
    bad: third('quote-not-closed'),
  },
  {
    name: 'a quote not closed, then quoted records',
    mapping: tickets,
    bytes: between(
      `c,${at},open,"no signal`,
      `d,${at},"open","no, signal"`,
      `"e",${at},open,"x\ny"`,
    ),
    good: 4,
    bad: third('quote-not-closed'),
  },
  {
    name: 'a quote not closed that a later line seems to close',
    mapping: tickets,
    bytes: between(`"c,${at},open,no signal`, good('d'), `e,${at},open,5",`, good('f')),
    good: 4,
    bad: [
      { line: 3, reason: 'quote-not-closed' },
      { line: 5, reason: 'column-count' },
    ],
  },
  {
    name: 'a quote not closed on the last line',
    mapping: tickets,
    bytes: text(header, good('a'), `c,${at},open,"no`),
    good: 1,
    bad: third('quote-not-closed'),
  },
  {
    name: 'a quote not closed, further from the end than a record may be long',
    mapping: tickets,
    bytes: between(
      `c,${at},open,"no`,
      ...Array.from({ length: 3000 }, (_, index) => good(`d${index}`)),
    ),
    good: 3002,
    bad: third('quote-not-closed'),
  },
  {
    name: 'text after a closing quote',
    mapping: tickets,
    bytes: between(`c,${at},open,"no" signal`),
    good: 2,
    bad: third('text-after-quote'),
  },
  {
    name: 'too few columns',
    mapping: tickets,
    bytes: between(`c,${at},open`),
    good: 2,
    bad: third('column-count'),
  },
  {
    name: 'too many columns',
    mapping: tickets,
    bytes: between(`c,${at},open,slow, very slow`),
    good: 2,
    bad: third('column-count'),
  },
  {
    name: 'a quoted record over two lines with too many columns',
    mapping: tickets,
    bytes: between(`c,${at},open,"a\nb",more`),
    good: 2,
    bad: third('column-count'),
  },
  {
    name: 'the header once more in the middle',
    mapping: tickets,
    bytes: between(header),
    good: 2,
    bad: third('unknown-value'),
  },
  {
    name: 'quotes in TSV are characters',
    mapping: tickets.replace('format: csv', 'format: tsv'),
    bytes: Buffer.from(between(`c,${at},open,"no signal`).toString().replaceAll(',', '\t')),
    good: 3,
    bad: [],
  },
  {
    name: 'a tab inside a TSV value',
    mapping: tickets.replace('format: csv', 'format: tsv'),
    bytes: Buffer.from(between(`c,${at},open,no,signal`).toString().replaceAll(',', '\t')),
    good: 2,
    bad: third('column-count'),
  },
  // Values.
  {
    name: 'an empty id',
    mapping: tickets,
    bytes: between(`,${at},open,x`),
    good: 2,
    bad: third('missing-id'),
  },
  {
    name: 'an id of spaces',
    mapping: tickets,
    bytes: between(`  ,${at},open,x`),
    good: 2,
    bad: third('missing-id'),
  },
  {
    name: 'an empty time',
    mapping: tickets,
    bytes: between('c,,open,x'),
    good: 2,
    bad: third('missing-time'),
  },
  {
    name: 'words for a time',
    mapping: tickets,
    bytes: between('c,yesterday,open,x'),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'a date in another order',
    mapping: tickets,
    bytes: between('c,01/06/2025,open,x'),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'the thirtieth of February',
    mapping: tickets,
    bytes: between('c,2025-02-30T10:00:00Z,open,x'),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'an hour of 25',
    mapping: tickets,
    bytes: between('c,2025-02-03T25:00:00Z,open,x'),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'a time without zone',
    mapping: tickets,
    bytes: between('c,2025-06-01T10:00:00,open,x'),
    good: 2,
    bad: third('time-without-zone'),
  },
  {
    name: 'a time before telephones were asked about',
    mapping: tickets,
    bytes: between('c,1970-01-01T00:00:00Z,open,x'),
    good: 2,
    bad: third('implausible-time'),
  },
  {
    name: 'a time two days ahead',
    mapping: tickets,
    bytes: between('c,2026-01-03T00:00:00Z,open,x'),
    good: 2,
    bad: third('implausible-time'),
  },
  {
    name: 'a weekday that does not fit its date',
    mapping: tickets.replace('{ column: at }', '{ column: at, format: EEE yyyy-MM-dd, zone: UTC }'),
    bytes: text(
      header,
      'a,Sun 2025-06-01,open,x',
      'b,Mon 2025-06-01,open,x',
      'c,Mon 2025-06-02,open,x',
    ),
    good: 2,
    bad: third('invalid-time'),
  },
  {
    name: 'a local time that the clocks skip or repeat',
    mapping: local,
    bytes: between('c,2025-03-30T02:30:00,open,x', 'd,2025-10-26T02:30:00,open,x'),
    good: 4,
    bad: [],
  },
  {
    name: 'a state without a zone',
    mapping: tickets.replace(
      '{ column: at }',
      '{ column: at, zone: { column: subject, values: { Utah: America/Denver } } }',
    ),
    bytes: text(
      header,
      'a,2025-06-01T10:00,open,Utah',
      'b,2025-06-01T10:00,open,Atlantis',
      'c,2025-06-01T10:00,open,Utah',
    ),
    good: 2,
    bad: third('unknown-zone'),
  },
  {
    name: 'an unknown status',
    mapping: tickets,
    bytes: between(`c,${at},lost,x`),
    good: 2,
    bad: third('unknown-value'),
  },
  {
    name: 'a score in words',
    mapping: surveys,
    bytes: survey(`c,${at},five,x`),
    good: 2,
    bad: third('not-a-number'),
  },
  {
    name: 'a score with a comma',
    mapping: surveys,
    bytes: survey(`c,${at},"4,5",x`),
    good: 2,
    bad: third('not-a-number'),
  },
  {
    name: 'a score in hexadecimal',
    mapping: surveys,
    bytes: survey(`c,${at},0x5,x`),
    good: 2,
    bad: third('not-a-number'),
  },
  {
    name: 'a score without end',
    mapping: surveys,
    bytes: survey(`c,${at},1e999,x`),
    good: 2,
    bad: third('not-a-number'),
  },
  // JSON lines.
  {
    name: 'broken JSON',
    mapping: posts,
    bytes: json('{"id":"c","at"'),
    good: 2,
    bad: second('invalid-json'),
  },
  {
    name: 'two objects on a line',
    mapping: posts,
    bytes: json(`${post('c')} ${post('d')}`),
    good: 2,
    bad: second('invalid-json'),
  },
  {
    name: 'a list for an object',
    mapping: posts,
    bytes: json('["c"]'),
    good: 2,
    bad: second('not-an-object'),
  },
  {
    name: 'a word for an object',
    mapping: posts,
    bytes: json('null'),
    good: 2,
    bad: second('not-an-object'),
  },
  {
    name: 'JSON 40 deep',
    mapping: posts,
    bytes: json(`{"id":"c","at":"${at}","x":${'['.repeat(40)}${']'.repeat(40)}}`),
    good: 2,
    bad: second('too-deep'),
  },
  {
    name: 'JSON half a million deep',
    mapping: posts,
    bytes: json(`{"id":"c","at":"${at}","x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`),
    good: 2,
    bad: second('too-deep'),
  },
  {
    name: 'a lone surrogate in an escape',
    mapping: posts,
    bytes: json(post('c').replace('no signal', String.raw`x\ud83d`)),
    good: 2,
    bad: second('lone-surrogate'),
  },
  {
    name: 'a lone surrogate in a key',
    mapping: posts,
    bytes: json(post('c').replace('"id"', String.raw`"\udc00":1,"id"`)),
    good: 2,
    bad: second('lone-surrogate'),
  },
  {
    name: 'a NUL in an escape',
    mapping: posts,
    bytes: json(post('c').replace('no signal', String.raw`x\u0000`)),
    good: 2,
    bad: second('nul-byte'),
  },
  {
    name: 'a JSON line in another encoding',
    mapping: posts,
    bytes: json(Buffer.from('{"id":"caf\u00e9"}', 'latin1')),
    good: 2,
    bad: second('invalid-encoding'),
  },
  {
    name: 'a key given twice',
    mapping: posts,
    bytes: json(post('c').replace('{', '{"id":"other",')),
    good: 2,
    bad: second('duplicate-key'),
  },
  {
    name: 'a key given twice, once by an escape, deep inside',
    mapping: posts,
    bytes: json(post('c').replace('{', String.raw`{"x":[{"a\":":1},{"b" :1,"\u0062":2}],`)),
    good: 2,
    bad: second('duplicate-key'),
  },
  {
    name: 'colons, quotes and backslashes in strings, the same key in two objects',
    mapping: posts,
    bytes: json(
      post('c').replace(
        '{',
        `${String.raw`{"x":["\":","\\\\",":"],"y\\"`}\t: {"id":"${String.raw`\"id\":`}"},`,
      ),
    ),
    good: 3,
    bad: [],
  },
  {
    name: 'keys of the prototype',
    mapping: posts,
    bytes: json(post('c').replace('{', '{"__proto__":{"id":"x"},"constructor":{"prototype":1},')),
    good: 3,
    bad: [],
  },
  {
    name: 'an id in the prototype alone',
    mapping: posts,
    bytes: json(`{"__proto__":{"id":"x"},"at":"${at}"}`),
    good: 2,
    bad: second('missing-id'),
  },
  {
    name: 'true for an id',
    mapping: posts,
    bytes: json(post('c').replace('"c"', 'true')),
    good: 2,
    bad: second('unknown-value'),
  },
  {
    name: 'NaN',
    mapping: posts,
    bytes: json(post('c').replace('"c"', 'NaN')),
    good: 2,
    bad: second('invalid-json'),
  },
  {
    name: 'a number too large to be exact for an id',
    mapping: posts,
    bytes: json(post('c').replace('"c"', '12345678901234567890')),
    good: 2,
    bad: second('inexact-number'),
  },
  {
    name: 'an object for an id',
    mapping: posts,
    bytes: json(post('c').replace('"c"', '{"a":1}')),
    good: 2,
    bad: second('not-a-scalar'),
  },
  {
    name: 'a JSON line of 10 MB',
    mapping: posts,
    bytes: json(post('c').replace('no signal', 'x'.repeat(10_000_000))),
    good: 2,
    bad: second('line-too-long'),
  },
];

export const refusedCases: readonly RefusedCase[] = [
  {
    name: 'a gzip damaged in the middle',
    mapping: tickets,
    bytes: damaged(),
    fails: 'corrupt-gzip',
  },
  {
    name: 'a gzip with rubbish behind it',
    mapping: tickets,
    bytes: Buffer.concat([packed, Buffer.from('rubbish')]),
    fails: 'corrupt-gzip',
  },
  { name: 'no such file', mapping: tickets, bytes: 'no such file', fails: 'file-not-found' },
  { name: 'a directory', mapping: tickets, bytes: 'a directory', fails: 'file-is-directory' },
  { name: 'an empty file', mapping: tickets, bytes: Buffer.alloc(0), fails: 'file-empty' },
  {
    name: 'a byte order mark alone',
    mapping: tickets,
    bytes: Buffer.from([0xef, 0xbb, 0xbf]),
    fails: 'file-empty',
  },
  {
    name: 'blank lines alone',
    mapping: posts,
    bytes: Buffer.from('\n  \n\n'),
    fails: 'file-empty',
  },
  { name: 'an empty gzip', mapping: tickets, bytes: gzipSync(''), fails: 'file-empty' },
  {
    name: 'a mapped column missing',
    mapping: tickets,
    bytes: text('id,at,subject', 'a,b,c'),
    fails: 'column-missing',
  },
  {
    name: 'a mapped column twice',
    mapping: tickets,
    bytes: text('id,at,status,subject,id'),
    fails: 'column-twice',
  },
  {
    name: 'semicolons where commas are expected',
    mapping: tickets,
    bytes: Buffer.from(between().toString().replaceAll(',', ';')),
    fails: 'wrong-delimiter',
  },
  {
    name: 'tabs where commas are expected',
    mapping: tickets,
    bytes: Buffer.from(between().toString().replaceAll(',', '\t')),
    fails: 'wrong-delimiter',
  },
  {
    name: 'JSON where CSV is expected',
    mapping: tickets,
    bytes: json(),
    fails: 'header-unreadable',
  },
  {
    name: 'an unclosed quote in the header',
    mapping: tickets,
    bytes: text('id,at,"status,subject', good('a')),
    fails: 'header-unreadable',
  },
  {
    name: 'UTF-16 without its mark',
    mapping: tickets,
    bytes: Buffer.from(between().toString(), 'utf16le'),
    fails: 'header-unreadable',
  },
  {
    name: 'UTF-32',
    mapping: tickets,
    bytes: Buffer.from([0xff, 0xfe, 0, 0, 0x69, 0, 0, 0]),
    fails: 'unsupported-encoding',
  },
  {
    name: 'a JSON document for JSON lines',
    mapping: posts,
    bytes: text('[', `  ${post('a')}`, ']'),
    fails: 'not-json-lines',
  },
  {
    name: 'a zip archive',
    mapping: tickets,
    bytes: Buffer.from('PK\u0003\u0004\u0014\0\0\0', 'latin1'),
    fails: 'unsupported-archive',
  },
  {
    name: 'a zip inside a gzip',
    mapping: tickets,
    bytes: gzipSync(Buffer.from('PK\u0003\u0004\u0014\0\0\0', 'latin1')),
    fails: 'unsupported-archive',
  },
  {
    name: 'a gzip inside a gzip',
    mapping: tickets,
    bytes: gzipSync(packed),
    fails: 'unsupported-archive',
  },
  {
    name: 'a gzip broken at its start',
    mapping: tickets,
    bytes: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff]),
    fails: 'corrupt-gzip',
  },
  {
    name: 'a gzip of which the header alone is left',
    mapping: tickets,
    bytes: packed.subarray(0, 10),
    fails: 'corrupt-gzip',
  },
  {
    name: 'a gzip bomb of one endless line',
    mapping: tickets,
    bytes: Buffer.concat([gzipSync(between()), ...Array.from({ length: 9 }, () => bombPart)]),
    fails: 'gzip-bomb',
  },
  {
    name: 'a mapping that is not YAML',
    mapping: 'source: [a',
    bytes: between(),
    fails: 'mapping-invalid',
  },
  {
    name: 'a mapping with an unknown key',
    mapping: `${tickets}colour: blue\n`,
    bytes: between(),
    fails: 'mapping-invalid',
  },
  {
    name: 'a mapping with an unknown field',
    mapping: tickets.replace('name:', 'nam:'),
    bytes: between(),
    fails: 'mapping-invalid',
  },
  {
    name: 'a mapping with an unknown zone',
    mapping: local.replace('Madrid', 'Atlantis'),
    bytes: between(),
    fails: 'mapping-invalid',
  },
  {
    name: 'a mapping with a status we do not have',
    mapping: tickets.replace('resolved', 'finished'),
    bytes: between(),
    fails: 'mapping-invalid',
  },
  {
    name: 'a mapping with a time pattern we do not have',
    mapping: tickets.replace('column: at', 'column: at, format: YYYY-MM-dd'),
    bytes: between(),
    fails: 'mapping-invalid',
  },
];

/** Cut off after rows were read: how many depends on the packing, so only the last result is given. */
export const cutOffArchive = {
  name: 'a gzip cut off',
  mapping: tickets,
  bytes: packed.subarray(0, Math.floor(packed.length / 2)),
  reason: 'truncated-gzip',
  leastGood: 8000,
} as const;
