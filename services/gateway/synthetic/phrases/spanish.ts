// The same matters in Spanish, by topic key; topics that are not here are always written in English.
import type { Wording } from './topic.ts';

export const SPANISH_VOCABULARY: Readonly<Record<string, readonly string[]>> = {
  desde: [
    'desde [ayer|anoche|esta mañana|el {dia}|las {clock}]',
    'hace [dos|tres|cuatro|varios] días',
    'hace {count} horas',
  ],
  dia: ['lunes', 'martes', 'miércoles', 'jueves', 'viernes', 'sábado', 'domingo'],
  aqui: ['en {area}', 'aquí en {area}', 'en {area}, {city}', 'por {area}'],
  vez: [
    '[todas las|cada] noches',
    'cada [rato|media hora]',
    '{count} veces al día',
    'a cada momento',
  ],
  malo: ['pésimo', 'malísimo', 'fatal', 'un desastre', 'lamentable'],
  ruego: [
    '[Por favor|] [solución|ayuda|revisen esto].',
    '¿[Cuándo|Para cuándo] lo arreglan?',
    'Gracias.',
    '',
  ],
};

export const SPANISH: Readonly<Record<string, Wording>> = {
  'outage-fixed': {
    titles: ['Sin [internet|servicio|conexión] {aqui}', 'Corte total {desde}'],
    reports: [
      '[Estamos|Llevamos] sin [internet|servicio|conexión] {aqui} {desde}.',
      'No [tengo|hay] internet {aqui} {desde}, el router [en rojo|sin luz].',
    ],
    details: [
      'Mi vecino tampoco tiene.',
      'Ya reinicié el router [dos|tres] veces y nada.',
      'No puedo trabajar [así|desde casa].',
    ],
    short: [
      'sin internet {aqui} {desde}',
      '¿se cayó {brand} {aqui}?',
      'otra vez sin servicio {desde}',
    ],
  },
  unstable: {
    titles: ['Internet se corta {vez}', 'Conexión inestable {desde}'],
    reports: [
      'El internet se [corta|cae|va] {vez}, {desde}.',
      'La conexión está inestable {desde} y se [cae|corta] {vez}.',
    ],
    details: [
      'Así no se puede [trabajar|estudiar|ver nada].',
      'Vino el técnico y [sigue igual|no arregló nada].',
    ],
    short: ['se corta {vez}', 'va y viene {vez}, {malo}'],
  },
  slow: {
    titles: ['Internet muy lento', 'Velocidad de {speed} megas'],
    reports: [
      'El internet está [muy lento|lentísimo] {desde}, {speed} megas.',
      'Pago {product} y me llegan {speed} megas.',
    ],
    details: ['Medido por cable.', 'Antes [iba|andaba] bien.'],
    short: ['muy lento {desde}', '{speed} megas, {malo}'],
  },
  coverage: {
    titles: ['Sin [señal|cobertura] {aqui}'],
    reports: [
      'No hay [señal|cobertura] {aqui}, [una raya|nada] dentro de casa.',
      'Tengo que salir a la calle para llamar {aqui}.',
    ],
    details: ['¿Van a poner una antena?', 'Siempre ha sido así.'],
    short: ['sin señal {aqui}', '¿cuándo llega el {technology} a {area}?'],
  },
  'wrong-charge': {
    titles: ['Cobro [indebido|doble] de {amount}', 'Factura incorrecta'],
    reports: [
      'Me cobraron {amount} [de más|que no corresponden|por algo que no pedí].',
      'Me han cobrado [dos veces|doble] este mes, {amount}.',
    ],
    details: ['Quiero la devolución.', 'Es el [segundo|tercer] mes seguido.'],
    short: ['cobro doble, {amount}', 'la factura viene mal [otra vez|]'],
  },
  price: {
    titles: ['Precio [muy alto|abusivo]'],
    reports: [
      '{price} al mes es [carísimo|demasiado] por {product}.',
      'Suben el precio cada año y el servicio [no mejora|sigue igual].',
    ],
    details: ['{rival} cobra {newPrice}.'],
    short: ['muy caro', 'caro para lo que dan, {rival} cuesta {newPrice}'],
  },
  contact: {
    titles: ['Mala atención'],
    reports: [
      'Llamé {count} veces y nadie [me ayuda|responde|sabe nada].',
      'Me [colgaron|dejaron esperando] {count} minutos, la atención es [pésima|malísima|lamentable].',
    ],
    details: ['Nadie me devolvió la llamada.'],
    short: ['la atención es [pésima|malísima|lamentable]', 'nadie contesta {desde}'],
  },
  app: {
    titles: ['La app no funciona'],
    reports: ['La aplicación se [cierra|cuelga] [sola|cuando quiero pagar] {desde}.'],
    details: ['Ya la reinstalé.'],
    short: ['la app se cierra sola', 'no puedo entrar a la app'],
  },
  'brand-hate': {
    titles: ['Muy descontento'],
    reports: ['{brand} es {malo}, no lo recomiendo [a nadie|].'],
    details: ['Nunca más.'],
    short: ['{malo}', 'la peor compañía', 'nunca más'],
  },
  'brand-love': {
    titles: ['Felicitaciones'],
    reports: ['Muy [contento|satisfecho] con {brand}, [buen servicio|lo recomiendo].'],
    details: ['Sigan así.'],
    short: ['muy buen servicio', 'lo mejor', 'todo [bien|excelente], gracias'],
  },
  reliable: {
    titles: ['Todo bien'],
    reports: ['El internet va [rápido y estable|muy bien] {aqui}.'],
    details: ['Buen precio también.'],
    short: ['rápido y estable', 'todo funciona bien'],
  },
};
