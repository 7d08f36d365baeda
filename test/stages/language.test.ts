// The detector: right on what providers hear, null rather than a guess on what says nothing.
import { describe, expect, test } from 'vitest';
import { createLanguageDetector } from '../../services/normalize/language.ts';

const detect = createLanguageDetector();

test.each([
  ['en', 'The internet has been down since this morning and nobody answers the phone'],
  ['en', 'good app'],
  ['en', 'internet down'],
  ['en', '@ProviderHelp my bill is wrong again https://example.com/x'],
  ['es', 'No tengo señal desde ayer y nadie me responde'],
  ['es', 'sin servicio'],
  ['es', 'El operador me cobró dos veces la misma factura'],
  ['sw', 'mtandao ni mbaya sana leo'],
  ['sw', 'huduma nzuri sana'],
  ['sw', 'naomba mnisaidie simu yangu haina mtandao tangu jana'],
  ['de', 'Seit gestern ist das Internet weg und keiner geht ans Telefon'],
  ['fr', "Je n'ai plus de réseau depuis hier et personne ne répond"],
  ['pt', 'Estou sem internet desde ontem e ninguém atende o telefone da operadora'],
  ['ru', 'Интернет не работает уже третий день, никто не отвечает на звонки'],
])('says %s of %j', (language, text) => {
  expect(detect(text)).toBe(language);
});

describe('says nothing of', () => {
  test.each([
    '',
    ' ',
    '12345',
    '😡😡😡',
    '@116298',
    '[phone] [email]',
    'https://example.com/good-app',
    'ok',
    'XYZ',
    '4G LTE',
    'm yy k zkv',
  ])('%j', (text) => {
    expect(detect(text)).toBeNull();
  });
});

test('a short text is not given to a language the provider does not expect', () => {
  const expecting = createLanguageDetector({ expected: ['en', 'es', 'sw'] });
  expect(expecting('très bien')).not.toBe('it');
  expect(expecting('Comcast Overbilling')).not.toBe('da');
  expect(expecting('poa sana')).toBe('sw');
});

test('placeholders of redaction do not sway the answer', () => {
  const plain = 'llamen al número por favor';
  expect(detect(`${plain} [phone] [email] [name] [address]`)).toBe(detect(plain));
});

test('a very long text costs no more than its beginning', () => {
  expect(detect('no tengo señal en mi casa '.repeat(40_000))).toBe('es');
});
