// What the words before a number say it is. The nearest telling word decides; words such as "number"
// and "is" say nothing by themselves.

export type NumberCue = 'phone' | 'card' | 'imei' | 'imsi' | 'iccid' | 'id' | 'version' | 'none';

const words: ReadonlyArray<readonly [NumberCue, string]> = [
  [
    'phone',
    'call calls called phone phones tel telephone mobile cellphone msisdn contact whatsapp sms text ' +
      'dial dialled dialed ring reach landline fax callback teléfono telefono móvil movil celular cel ' +
      'llamar llame llámame llamame llamen llamenme fijo handy telefon telefonnummer rufnummer handynummer ' +
      'mobilnummer rückruf festnetz mobil anrufen simu piga namba nambari téléphone portable appelez ' +
      'numéro número numero cell mob ph whatsap wa',
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
    'nummer lautet ist es el la mi al de del en ni yangu kwa yako meine mein unter please our your this that ' +
    'own new old sent via by whose has'
  ).split(' '),
);

/** Characters and words looked at before a number. */
const reach = 56;
const maxWords = 6;

const lastWord = /([\p{L}]{1,24}|\d[\d .-]*)[^\p{L}\d[\]\n!?;]{0,4}$/u;

/** What the words just before `start` announce. Reads at most 56 characters, never past a placeholder. */
export function cueBefore(text: string, start: number): NumberCue {
  let rest = text.slice(start > reach ? start - reach : 0, start).toLowerCase();
  let asNumber = false;
  for (let count = 0; count < maxWords; count += 1) {
    const match = lastWord.exec(rest);
    if (match === null) break;
    const word = match[1]!;
    const cue = cueOf.get(word);
    if (cue !== undefined) return cue;
    if (!neutral.has(word) && count > 2) break;
    // A sentence that ended before the number does not speak of it.
    if (count > 0 && /\. ?$/.test(match[0])) break;
    if (word === 'number' || word === 'no' || word === 'nummer') asNumber = true;
    rest = rest.slice(0, match.index);
  }
  return asNumber ? 'phone' : 'none';
}
