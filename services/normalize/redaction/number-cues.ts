// What the words before a number say it is. The nearest telling word decides; words such as "number"
// and "is" say nothing by themselves.

export type NumberCue = 'phone' | 'card' | 'imei' | 'imsi' | 'iccid' | 'id' | 'version' | 'none';

const words: ReadonlyArray<readonly [NumberCue, string]> = [
  [
    'phone',
    'call calls called phone phones tel telephone mobile cellphone msisdn contact whatsapp sms text ' +
      'dial dialled dialed ring reach landline fax callback teléfono telefono móvil movil celular cel ' +
      'llamar llame llámame llamame llamen llamenme fijo handy telefon telefonnummer rufnummer handynummer ' +
      'mobilnummer rückruf festnetz mobil anrufen simu piga téléphone portable appelez ' +
      'cell mob ph whatsap wa line laini línea linea',
  ],
  ['card', 'card cards visa mastercard amex discover maestro tarjeta kreditkarte carte kadi'],
  ['imei', 'imei imeis'],
  ['imsi', 'imsi'],
  ['iccid', 'iccid sim'],
  [
    'id',
    'ticket tickets case order orders account acct acc ref reference referencia incident invoice ' +
      'confirmation tracking serial sn id ids sr inc request claim policy transaction txn receipt code ' +
      'site enb gnb eci ecgi cgi tac lac pci earfcn ci node device meter till paybill customer subscriber ' +
      'folio expediente pedido factura cuenta caso reclamo contrato auftrag bestellung rechnung konto ' +
      'kundennummer vertrag vertragsnummer auftragsnummer ticketnummer akaunti oda commande facture compte ' +
      'dossier complaint complaints job wo crm job booking parcel package voucher pin puk zip asset sku part ' +
      'model batch session tweet post timestamp epoch order# interaction srn docket tiketi rma po imeisv',
  ],
  [
    'version',
    'version ver v build firmware fw release update software os android ios versión versio',
  ],
];

const cueOf = new Map(words.flatMap(([cue, list]) => list.split(' ').map((word) => [word, cue])));

const neutral = new Set(
  (
    'number numbers no nr num n is are was at on to the my me us a an its it for or and of in back from with ' +
    'nummer número numero numéro namba nambari lautet ist es el la mi al de del en ni yangu kwa yako meine mein unter please our your this that ' +
    'own new old sent via by whose has'
  ).split(' '),
);

/** Characters and words looked at before a number. */
const reach = 56;
const maxWords = 6;

const announcesNumber = new Set(
  'number no nr num nummer número numero numéro namba nambari'.split(' '),
);

const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 0xc0 && (code < 0x2000 || code > 0x206f) && code !== 0xd7 && code !== 0xf7);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Ends of a statement, and the brackets of placeholders: nothing is read past them. */
const stops = '\n!?;[]';

/** What the words just before `start` announce. Reads at most 56 characters, never past a placeholder. */
export function cueBefore(text: string, start: number): NumberCue {
  const floor = Math.max(0, start - reach);
  let asNumber = false;
  let at = start;
  for (let count = 0; count < maxWords; count += 1) {
    let gap = 0;
    while (at > floor && !isLetter(text.charCodeAt(at - 1)) && !isDigit(text.charCodeAt(at - 1))) {
      const character = text[at - 1]!;
      // A sentence that ended before the number does not speak of it.
      if (gap === 4 || stops.includes(character) || (character === '.' && count > 0)) {
        return asNumber ? 'phone' : 'none';
      }
      gap += 1;
      at -= 1;
    }
    if (at === floor) break;
    const end = at;
    if (isDigit(text.charCodeAt(at - 1))) {
      while (at > floor && (isDigit(text.charCodeAt(at - 1)) || ' .-'.includes(text[at - 1]!)))
        at -= 1;
      continue;
    }
    while (at > floor && end - at < 24 && isLetter(text.charCodeAt(at - 1))) at -= 1;
    const word = text.slice(at, end).toLowerCase();
    const cue = cueOf.get(word);
    if (cue !== undefined) return cue;
    if (announcesNumber.has(word)) asNumber = true;
    else if (count > 2 && !neutral.has(word)) break;
  }
  return asNumber ? 'phone' : 'none';
}
